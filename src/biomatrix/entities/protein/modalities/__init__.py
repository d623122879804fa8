"""The ways of writing proteins as tokens."""
