"""SELFIES, read and written by the rules of the selfies package (2.2, default constraints), several times faster."""

from biomatrix.selfies.reader import SelfiesGraph, charges_of, elements_of, read_symbols
from biomatrix.selfies.symbols import atom_mask, index_owners, index_symbols_after
from biomatrix.selfies.writer import symbols_of_smiles

__all__ = [
    "SelfiesGraph",
    "atom_mask",
    "charges_of",
    "elements_of",
    "index_owners",
    "index_symbols_after",
    "read_symbols",
    "symbols_of_smiles",
]
