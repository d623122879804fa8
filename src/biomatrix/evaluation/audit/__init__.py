"""The audit of leakage: which rows of a test split training data hold too, entity by entity."""
