"""The codes of a structure tokenizer as a language: a small model of it, its bits, and what it generates."""
