"""How atoms of any element are written, with the hydrogens that fill their valence."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from biomatrix.entities.molecule.smiles_automaton.kinds import ANY, ORGANIC, capacity

_METAL_BONDS: Final = 2
"""Bonds that are written to an atom whose valence RDKit does not limit."""


@lru_cache(maxsize=1024)
def valence(symbol: str) -> int:
    """Return the bonds that an atom is given at most: its lowest valence.

    Examples
    --------
    >>> valence("C"), valence("S"), valence("Te"), valence("Na"), valence("Fe")
    (4, 2, 2, 1, 2)
    """
    from rdkit import Chem

    table = Chem.GetPeriodicTable()
    least = table.GetDefaultValence(table.GetAtomicNumber(symbol))
    if least >= 0:
        return int(least)
    most = capacity(symbol, bracket=True)
    return _METAL_BONDS if most == ANY else most


@lru_cache(maxsize=4096)
def atom_text(symbol: str, bonds: int) -> str:
    """Return how an atom with a sum of bond orders is written.

    Examples
    --------
    >>> atom_text("C", 1), atom_text("As", 1), atom_text("Te", 2), atom_text("Na", 1), atom_text("Fe", 0)
    ('C', '[AsH2]', '[Te]', '[Na]', '[Fe]')
    """
    if symbol in ORGANIC:
        return symbol
    hydrogens = valence(symbol) - bonds
    unlimited = capacity(symbol, bracket=True) == ANY  # a metal, which is not filled up
    if hydrogens <= 0 or unlimited or capacity(symbol, hydrogens, bracket=True) < 0:
        return f"[{symbol}]"
    return f"[{symbol}H{hydrogens if hydrogens > 1 else ''}]"
