"""Molecule structure tokenizers: from a conformer to one code per atom, and back."""
