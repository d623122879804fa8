"""What may be asked of a protein that a model writes."""
