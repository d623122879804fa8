"""Metrics that other models compute, registered by whoever has their weights."""
