"""Benchmarks as files for training and evaluation elsewhere."""
