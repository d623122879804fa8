"""Mixtures: how many tokens of a corpus come from each source."""
