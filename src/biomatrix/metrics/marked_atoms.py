"""Atoms by what they are marked with: stereo, an isotope, a map number.

RDKit's own search finds them many times as fast as a loop in Python that looks at every atom.
"""

from __future__ import annotations

from typing import Final

from rdkit import Chem
from rdkit.Chem import rdqueries

_STEREO: Final = rdqueries.HasChiralTagQueryAtom()
_ISOTOPE: Final = rdqueries.IsotopeEqualsQueryAtom(0, negate=True)
_MAP: Final = rdqueries.HasPropQueryAtom("molAtomMapNumber")


def marked_atoms(mol: Chem.Mol) -> list[Chem.Atom]:
    """Return the atoms that bear a stereo mark of any shape."""
    return list(mol.GetAtomsMatchingQuery(_STEREO))


def labelled_atoms(mol: Chem.Mol) -> list[Chem.Atom]:
    """Return the atoms that carry an isotope label."""
    return list(mol.GetAtomsMatchingQuery(_ISOTOPE))


def mapped_atoms(mol: Chem.Mol) -> list[Chem.Atom]:
    """Return the atoms that carry a map number."""
    return [atom for atom in mol.GetAtomsMatchingQuery(_MAP) if atom.GetAtomMapNum()]
