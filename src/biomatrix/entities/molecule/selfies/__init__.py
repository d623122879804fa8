"""SELFIES, read and written by the rules of the selfies package (2.2, default constraints), several times faster."""

from biomatrix.entities.molecule.selfies.reader import SelfiesGraph, charges_of, elements_of, read_symbols
from biomatrix.entities.molecule.selfies.symbols import atom_mask, index_owners, index_symbols_after
from biomatrix.entities.molecule.selfies.writer import symbols_of_smiles

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
