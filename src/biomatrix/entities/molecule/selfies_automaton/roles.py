"""What a SELFIES symbol can do while a molecule is derived: the rules of the derivation, and RDKit's valences."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.molecule.selfies.rules import ANY_CAPACITY, DIGITS, ORDERS
from biomatrix.entities.molecule.selfies.steps import ATOMS, BRANCH, PLACE, RING, STEPS

ATOM, OPENS, CLOSES, NOTHING = range(4)
"""An atom; a branch; a ring; a symbol that derives nothing, or that is only an index."""


class Role(NamedTuple):
    """What a symbol does where it is not an index.

    Parameters
    ----------
    kind : int
        ATOM, OPENS, CLOSES or NOTHING.
    order : int
        The bond order it asks for.
    size : int
        For an atom the bonds it can make, 0 to 8, to what RDKit accepts; for a branch or ring its index symbols.
    element : int
        The atomic number of an atom, else 0.
    marked : bool
        Whether an atom carries a bond mark, which the first atom of a fragment does not.
    charged : bool
        Whether an atom carries a charge.
    """

    kind: int
    order: int
    size: int
    element: int = 0
    marked: bool = False
    charged: bool = False


_NO_ROLE: Final = Role(NOTHING, 0, 0)


@lru_cache(maxsize=65_536)
def role_of(symbol: str) -> Role:
    """Return what a symbol does.

    Examples
    --------
    >>> role_of("[=N+1]")
    Role(kind=0, order=2, size=4, element=7, marked=True, charged=True)
    """
    kind, first, second, _ = STEPS[symbol][ANY_CAPACITY]
    if kind == BRANCH:
        return Role(OPENS, second, first)
    if kind == RING:
        return Role(CLOSES, second.order, first)
    if STEPS[symbol][0][0] != PLACE:
        return _NO_ROLE
    mark = symbol[1] if symbol[1] in ORDERS else ""
    atom = ATOMS[symbol]
    return Role(ATOM, ORDERS[mark], _most_bonds(atom.smiles, atom.capacity), atom.number, bool(mark), atom.charge != 0)


def digit_of(symbol: str) -> int:
    """Return the digit that a symbol is as an index, -1 where an encoder never writes it there."""
    return DIGITS.get(symbol, -1)


def _most_bonds(smiles: str, capacity: int) -> int:
    """Return how many of the bonds that SELFIES gives an atom RDKit lets it have; -1 where it takes not even the atom.

    SELFIES lets elements without a rule of their own make eight bonds, more than RDKit's valences of chloride or
    silicon.
    """
    with BlockLogs():
        for bonds in range(capacity + 1):
            if Chem.MolFromSmiles(smiles + "(C)" * bonds) is None:
                return bonds - 1
    return capacity
