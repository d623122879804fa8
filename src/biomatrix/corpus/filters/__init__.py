"""Quality filters: rules of a recipe by which records are refused, each with its reason."""
