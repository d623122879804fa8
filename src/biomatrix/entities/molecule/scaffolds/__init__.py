"""SMILES strings that hold a given scaffold, by construction."""
