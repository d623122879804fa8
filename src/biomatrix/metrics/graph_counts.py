"""What a molecular graph consists of: atoms by element, bonds by type, rings. Hydrogens are never counted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdkit import Chem


def element_counts(mol: Chem.Mol) -> Counter[str]:
    """Return the number of atoms of each element, hydrogens aside.

    Examples
    --------
    >>> from rdkit import Chem
    >>> element_counts(Chem.MolFromSmiles("CC(=O)[O-].[Na+]")) == {"C": 2, "O": 2, "Na": 1}
    True
    """
    return Counter(atom.GetSymbol() for atom in mol.GetAtoms() if atom.GetAtomicNum() != 1)


def bond_counts(mol: Chem.Mol) -> dict[str, int]:
    """Return the number of bonds between heavy atoms by type.

    Aromatic bonds are neither single nor double. Rotatable ones are counted by RDKit's default definition
    (``CalcNumRotatableBonds``, strict), and are also single.

    Examples
    --------
    >>> from rdkit import Chem
    >>> bond_counts(Chem.MolFromSmiles("CCc1ccccc1C#N"))
    {'single': 3, 'double': 0, 'triple': 1, 'aromatic': 6, 'rotatable': 1}
    """
    from rdkit.Chem import BondType
    from rdkit.Chem.rdMolDescriptors import CalcNumRotatableBonds

    names = {
        BondType.SINGLE: "single",
        BondType.DOUBLE: "double",
        BondType.TRIPLE: "triple",
        BondType.AROMATIC: "aromatic",
    }
    counts = dict.fromkeys(names.values(), 0)
    for bond in mol.GetBonds():
        name = names.get(bond.GetBondType())
        if name is not None and bond.GetBeginAtom().GetAtomicNum() != 1 and bond.GetEndAtom().GetAtomicNum() != 1:
            counts[name] += 1
    return {**counts, "rotatable": int(CalcNumRotatableBonds(mol))}


def ring_count(mol: Chem.Mol) -> int:
    """Return the number of independent rings: bonds - atoms + fragments."""
    from rdkit import Chem

    return int(mol.GetNumBonds() - mol.GetNumAtoms() + len(Chem.GetMolFrags(mol)))
