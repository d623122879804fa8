"""Modalities of nucleic acids."""
