"""Records at hand in the official formats of the published sources, for measurements."""
