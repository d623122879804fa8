"""Constraints on nucleic acids."""
