"""Structure files as tables of atoms, whatever their format and whatever the chains in them are."""
