"""The published architecture: local coordinates, a small encoder, a codebook, and a decoder that is a table."""
