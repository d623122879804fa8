"""Protein structure tokenizers: one code per residue, and the backbone back from the codes."""
