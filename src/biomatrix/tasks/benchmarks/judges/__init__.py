"""Judges: from predictions and examples to scores. ``a.b`` is the function ``b`` of the module ``a`` of this folder."""
