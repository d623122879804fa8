"""Nucleic acids as tokens."""
