"""The files molecules live in."""
