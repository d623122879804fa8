"""What an atom may be bonded to, asked of RDKit once for each kind of atom.

An aliphatic atom has a capacity: the bond orders that fit beside its hydrogens. An aromatic atom stands in one of four
surroundings, and each either needs a double bond to a ring neighbour, or must not have one, or is refused.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

from rdkit import Chem
from rdkit.rdBase import BlockLogs

Surroundings: TypeAlias = tuple[bool | None, bool | None, bool | None, bool | None]
"""Of an aromatic atom, by the columns below: True where one of its ring bonds is double in the Kekulé form, False where
none is, None where RDKit refuses it."""

TWO, FUSED, SUBSTITUTED, EXOCYCLIC = range(4)
"""Two ring bonds; three; two and a single bond; two and a double bond."""

_PROBES: Final = (
    ("{0}1ccccc1", "{0}1cccc1"),
    ("c1cc{0}2ccccc2c1", "c1cc{0}2cccc2c1"),
    ("C{0}1ccccc1", "C{0}1cccc1"),
    ("C={0}1ccccc1", "C={0}1cccc1"),
)
"""By surroundings, a molecule in which the atom needs a double bond, and one in which it must have none."""

ANY: Final = 12
"""The capacity of an atom whose valence RDKit does not limit."""
_MOST_HYDROGENS: Final = 9
ORGANIC: Final = frozenset({"B", "C", "N", "O", "P", "S", "F", "Cl", "Br", "I", "*"})
AROMATIC: Final = frozenset("bcnops")


@lru_cache(maxsize=4096)
def surroundings(atom: str) -> Surroundings | None:
    """Return where an aromatic atom may stand; None where it may stand nowhere.

    Parameters
    ----------
    atom : str
        As SMILES writes it: ``c``, ``[nH]``.

    Examples
    --------
    >>> surroundings("n")
    (True, False, False, None)
    """
    needs = [True if _reads(yes.format(atom)) else False if _reads(no.format(atom)) else None for yes, no in _PROBES]
    found = needs[TWO], needs[FUSED], needs[SUBSTITUTED], needs[EXOCYCLIC]
    return found if any(need is not None for need in found) else None


@lru_cache(maxsize=4096)
def capacity(symbol: str, hydrogens: int = 0, charge: int = 0, *, bracket: bool = False) -> int:
    """Return the sum of bond orders that fit on an aliphatic atom; -1 where RDKit refuses even the lone atom.

    Examples
    --------
    >>> capacity("C"), capacity("N", 1, 1, bracket=True), capacity("Fe", bracket=True)
    (4, 3, 12)
    """
    if symbol == "*":
        return ANY
    if not bracket:
        return int(max(Chem.GetPeriodicTable().GetValenceList(symbol)))
    if symbol == "H":
        return -1 if hydrogens else 0 if charge else 1
    return _most_hydrogens(symbol, charge) - hydrogens


@lru_cache(maxsize=4096)
def _most_hydrogens(symbol: str, charge: int) -> int:
    """Return how many hydrogens RDKit lets an atom carry, :data:`ANY` where it sets no limit, -1 if not even none."""
    sign = f"{charge:+d}" if charge else ""
    fits = [number for number in range(_MOST_HYDROGENS + 1) if _reads(f"[{symbol}H{number}{sign}]")]
    most = max(fits, default=-1)
    return ANY if most == _MOST_HYDROGENS else most


def _reads(smiles: str) -> bool:
    with BlockLogs():
        return Chem.MolFromSmiles(smiles) is not None
