"""What may be asked of a molecule that a model writes."""
