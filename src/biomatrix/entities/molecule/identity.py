"""What makes two molecules the same for hold-out, deduplication and audits: the graph of their heavy atoms."""

from __future__ import annotations

from rdkit import Chem

from biomatrix.errors import ParseError


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
    return str(Chem.MolToSmiles(Chem.RemoveHs(mol), isomericSmiles=False))
