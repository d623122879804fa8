"""Strands through a structure tokenizer and back, and what they lose."""
