"""Success in the customised generation of S2-Bench (TOMG-Bench), counted as its official code counts.

``phenixace/TOMG-Bench`` at 692f6b1, ``evaluate.py``: an answer succeeds where it parses and has what was asked for,
and the success rate is over all rows, those without a molecule included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from biomatrix.metrics.graph_counts import element_counts

if TYPE_CHECKING:
    from rdkit import Chem

ELEMENTS: Final[Mapping[str, str]] = {
    "carbon": "C", "oxygen": "O", "nitrogen": "N", "sulfur": "S", "fluorine": "F", "chlorine": "Cl", "bromine": "Br",
    "iodine": "I", "phosphorus": "P", "boron": "B", "silicon": "Si", "selenium": "Se", "tellurium": "Te",
    "arsenic": "As", "antimony": "Sb", "bismuth": "Bi", "polonium": "Po",
}  # fmt: skip
"""The columns of AtomNum, and the symbols of their elements. Others may occur unseen."""
BONDS: Final = ("single", "double", "triple", "rotatable", "aromatic")
"""The columns of BondNum."""


def atoms_as_asked(mol: Chem.Mol, asked: Mapping[str, int]) -> bool:
    """Return whether the count of every element of :data:`ELEMENTS` is the one asked for, zeros included.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
    asked : mapping of str to int
        By column.

    Examples
    --------
    >>> from rdkit import Chem
    >>> ethanol = dict.fromkeys(ELEMENTS, 0) | {"carbon": 2, "oxygen": 1}
    >>> atoms_as_asked(Chem.MolFromSmiles("CCO"), ethanol), atoms_as_asked(Chem.MolFromSmiles("CCOF"), ethanol)
    (True, False)
    """
    found = element_counts(mol)
    return all(found[symbol] == asked[column] for column, symbol in ELEMENTS.items())


def bonds_as_asked(mol: Chem.Mol, asked: Mapping[str, int]) -> bool:
    """Return whether the count of every bond type is the one asked for; a type asked for 0 times may occur.

    All bonds of the graph count, those of explicit hydrogens too.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
    asked : mapping of str to int
        By column of :data:`BONDS`.
    """
    from rdkit.Chem import BondType
    from rdkit.Chem.rdMolDescriptors import CalcNumRotatableBonds

    types = [bond.GetBondType() for bond in mol.GetBonds()]
    found = {name: types.count(getattr(BondType, name.upper())) for name in BONDS if name != "rotatable"}
    found["rotatable"] = int(CalcNumRotatableBonds(mol))
    return all(found[name] == asked[name] for name in BONDS if asked[name])


def success_rate(successes: Sequence[bool]) -> float:
    """Return the share of successes among all rows, NaN where there is none."""
    return sum(successes) / len(successes) if successes else float("nan")
