"""How atoms of any element are written, with the hydrogens that fill their valence.

An atom is named by its symbol, behind which its charge may stand (``N+1``), or another valence than its lowest: a
higher one (``S^6``), or a lower one of a radical (``N^2``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from biomatrix.entities.molecule.smiles_automaton.kinds import ANY, ORGANIC, capacity

_METAL_BONDS: Final = 2
"""Bonds that are written to an atom whose valence RDKit does not limit."""


@lru_cache(maxsize=1024)
def valence(symbol: str) -> int:
    """Return the bonds that an atom is given at most: its lowest valence, that of a charged one as its electrons say.

    Examples
    --------
    >>> valence("C"), valence("S"), valence("Te"), valence("Na"), valence("Fe"), valence("N+1"), valence("S^6")
    (4, 2, 2, 1, 2, 4, 6)
    """
    from rdkit import Chem

    table = Chem.GetPeriodicTable()
    symbol, charge, bonds = _named(symbol)
    if bonds is not None:
        return bonds
    if charge:
        return max(int(table.GetDefaultValence(max(table.GetAtomicNumber(symbol) - charge, 1))), 0)
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
    >>> [atom_text(*each) for each in (("C", 1), ("As", 1), ("Na", 1), ("Fe", 0), ("N+1", 1), ("S^6", 3), ("C^3", 1))]
    ['C', '[AsH2]', '[Na]', '[Fe]', '[NH3+]', 'S', '[CH2]']
    """
    hydrogens = valence(symbol) - bonds
    symbol, charge, named = _named(symbol)
    if symbol in ORGANIC and not charge and (named is None or named >= valence(symbol)):
        return symbol
    sign = f"{charge:+d}".removesuffix("1") if charge else ""
    unlimited = capacity(symbol, charge=charge, bracket=True) == ANY  # a metal, which is not filled up
    if hydrogens <= 0 or unlimited or capacity(symbol, hydrogens, charge, bracket=True) < 0:
        return f"[{symbol}{sign}]"
    return f"[{symbol}H{hydrogens if hydrogens > 1 else ''}{sign}]"


def charged(symbol: str, charge: int) -> str:
    """Return the name of an atom of an element with a charge."""
    return f"{symbol}{charge:+d}"


@lru_cache(maxsize=1024)
def other_valences(symbol: str) -> tuple[str, ...]:
    """Return the names of an atom with other valences than its lowest; of a metal, whose valence is free, a few.

    Examples
    --------
    >>> other_valences("S"), other_valences("Fe"), other_valences("C")
    (('S^4', 'S^6'), ('Fe^1', 'Fe^3', 'Fe^4', 'Fe^0'), ())
    """
    from rdkit import Chem

    if capacity(symbol, bracket=True) == ANY:
        return tuple(f"{symbol}^{bonds}" for bonds in (1, 3, 4, 0))
    known = Chem.GetPeriodicTable().GetValenceList(symbol)
    return tuple(f"{symbol}^{bonds}" for bonds in known if bonds > valence(symbol))


def radical(symbol: str) -> str:
    """Return the name of an atom with an unpaired electron."""
    return f"{symbol}^{valence(symbol) - 1}"


def _named(name: str) -> tuple[str, int, int | None]:
    """Return the symbol of an atom, its charge, and its valence where it is named by that."""
    symbol, mark, bonds = name.partition("^")
    if mark:
        return symbol, 0, int(bonds)
    letters = symbol.rstrip("+-0123456789")
    return letters, int(symbol[len(letters) :] or 0), None
