"""What makes two molecules the same: for hold-out, deduplication and audits, and for a reader of sampled answers."""

from __future__ import annotations

from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.errors import ParseError
from biomatrix.metrics.stereochemistry import canonical_smiles


def graph_key(molecule: str | Chem.Mol) -> str:
    """Return the canonical non-isomeric SMILES of the heavy atoms.

    Parameters
    ----------
    molecule : str or rdkit.Chem.Mol
        A SMILES string, or a sanitised molecule with or without explicit hydrogens.
    """
    mol = Chem.MolFromSmiles(molecule) if isinstance(molecule, str) else molecule
    if mol is None:
        raise ParseError(f"not a SMILES string RDKit can read: {str(molecule)[:80]!r}")
    if any(atom.GetIsotope() for atom in mol.GetAtoms()):
        mol = Chem.Mol(mol)
        for atom in mol.GetAtoms():
            atom.SetIsotope(0)  # a labelled hydrogen would otherwise stay in the graph
    with BlockLogs():  # of hydrogens that stay, beside centres of metals
        return str(Chem.MolToSmiles(Chem.RemoveHs(mol), isomericSmiles=False))


def stereoisomer_key(mol: Chem.Mol) -> str:
    """Return the canonical SMILES with stereochemistry and isotopes, plain hydrogens implicit.

    Examples
    --------
    >>> stereoisomer_key(Chem.MolFromSmiles("C([H])CO")), stereoisomer_key(Chem.MolFromSmiles("F[C@@H](Br)Cl"))
    ('CCO', 'F[C@H](Cl)Br')
    """
    with BlockLogs():
        return canonical_smiles(Chem.RemoveHs(mol), stereo=True, isotopes=True)
