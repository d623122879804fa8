"""Protein structure tokenizers: one code a residue, and the backbone back from the codes."""
