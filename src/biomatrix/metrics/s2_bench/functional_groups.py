"""Functional groups as S2-Bench counts them (``utils/evaluation.py``): matches of a SMARTS pattern each.

Acids and phenols count as hydroxyl, anhydrides as esters too, and sulfides are those that are not part of a disulfide.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rdkit import Chem

PATTERNS: Final[Mapping[str, str]] = {
    "benzene ring": "[cR1]1[cR1][cR1][cR1][cR1][cR1]1",
    "hydroxyl": "[OX2H]",
    "anhydride": "[CX3](=[OX1])[OX2][CX3](=[OX1])",
    "aldehyde": "[CX3H1](=O)[#6]",
    "ketone": "[#6][CX3](=O)[#6]",
    "carboxyl": "[CX3](=O)[OX2H1]",
    "ester": "[#6][CX3](=O)[OX2H0][#6]",
    "amide": "[NX3][CX3](=[OX1])[#6]",
    "amine": "[NX3;H2,H1;!$(NC=O)]",
    "nitro": "[$([NX3](=O)=O),$([NX3+](=O)[O-])][!#8]",
    "halo": "[F,Cl,Br,I]",
    "thioether": "[SX2][CX4]",
    "nitrile": "[NX1]#[CX2]",
    "thiol": "[#16X2H]",
    "sulfide": "[#16X2H0]",
    "disulfide": "[#16X2H0][#16X2H0]",
    "sulfoxide": "[$([#16X3]=[OX1]),$([#16X3+][OX1-])]",
    "sulfone": "[$([#16X4](=[OX1])=[OX1]),$([#16X4+2]([OX1-])[OX1-])]",
    "borane": "[BX3]",
}
"""Groups by the names that the instructions give them."""


def group_counts(mol: Chem.Mol) -> dict[str, int]:
    """Return the number of matches of every group of :data:`PATTERNS`.

    Examples
    --------
    >>> from rdkit import Chem
    >>> counts = group_counts(Chem.MolFromSmiles("CSSCc1ccccc1C(=O)O"))
    >>> {name: number for name, number in counts.items() if number}
    {'benzene ring': 1, 'hydroxyl': 1, 'carboxyl': 1, 'thioether': 2, 'sulfide': 1, 'disulfide': 1}
    """
    counts = {name: len(mol.GetSubstructMatches(pattern)) for name, pattern in _patterns().items()}
    counts["sulfide"] -= counts["disulfide"]
    return counts


@cache
def _patterns() -> Mapping[str, Any]:
    from rdkit import Chem

    return {name: Chem.MolFromSmarts(pattern) for name, pattern in PATTERNS.items()}
