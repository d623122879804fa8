"""The files proteins live in."""
