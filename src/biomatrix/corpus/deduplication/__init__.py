"""Records that say the same as others: found by keys that are sorted on disk, and left out by a fixed rule."""
