"""SMILES strings whose atoms, bonds and rings are counted while they are written."""
