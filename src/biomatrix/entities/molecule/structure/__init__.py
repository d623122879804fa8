"""The molecule structure tokenizer: one code an atom, from local spherical coordinates and back."""
