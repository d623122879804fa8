"""Mutants of real files against every reader: an equal independent reading, a named refusal, or a note."""
