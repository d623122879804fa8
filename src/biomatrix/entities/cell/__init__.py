"""Single cells: everything particular to them; `kind.py` is their registration."""
