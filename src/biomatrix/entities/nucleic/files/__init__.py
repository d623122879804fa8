"""Files of nucleic acids."""
