"""Queries: patterns of molecules, in MOL files and in SMILES, which are no molecules."""

from __future__ import annotations

import re
from typing import Final

from rdkit import Chem
from rdkit.Chem import rdqueries
from rdkit.rdBase import BlockLogs

_PATTERN: Final = re.compile(r"[\[~]")
_ANY: Final = "AtomNull"
_NO_ELEMENT: Final = rdqueries.AtomNumEqualsQueryAtom(0)


def query_atom(mol: Chem.Mol) -> int | None:
    """Return the index of the first atom that is a pattern of atoms, None where there is none; ``*`` is no pattern."""
    if not mol.HasQuery():
        return None
    return next(
        (
            atom.GetIdx()
            for atom in mol.GetAtoms()
            if atom.HasQuery() and (atom.GetAtomicNum() or atom.DescribeQuery().strip() != _ANY)
        ),
        None,
    )


def query_bond(mol: Chem.Mol) -> int | None:
    """Return the index of the first bond that stands for several orders, or none, or a ring; None without one."""
    if not mol.HasQuery():
        return None
    return next((bond.GetIdx() for bond in mol.GetBonds() if bond.HasQuery()), None)


def wildcards(mol: Chem.Mol) -> list[int]:
    """Return the indices of the atoms that are no element: wildcards, and what a reader takes for one."""
    return [atom.GetIdx() for atom in mol.GetAtomsMatchingQuery(_NO_ELEMENT)]


def is_query(mol: Chem.Mol) -> bool:
    """Return whether atoms or bonds of a molecule are patterns."""
    return query_atom(mol) is not None or query_bond(mol) is not None


def is_smarts(text: str) -> bool:
    """Return whether a text that is no SMILES string is a SMARTS pattern.

    Examples
    --------
    >>> is_smarts("[C,N]"), is_smarts("C1CC")
    (True, False)
    """
    if not _PATTERN.search(text):
        return False
    with BlockLogs():
        raw: Chem.Mol | None = Chem.MolFromSmiles(text, sanitize=False)
        return raw is None and Chem.MolFromSmarts(text) is not None
