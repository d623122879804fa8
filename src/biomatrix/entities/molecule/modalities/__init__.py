"""The ways of writing molecules as tokens."""
