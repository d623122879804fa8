"""Loaders of official files: ``a`` is the function ``examples`` of the module ``a`` of this folder."""
