"""SMILES strings that are valid while they are written, over the pieces of any base tokenizer."""
