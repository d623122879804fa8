"""The keys by which an audit of leakage takes two molecules for related: InChIKeys, the parent of salts, scaffolds."""

from __future__ import annotations

from typing import Any, Final

from rdkit import Chem
from rdkit.Chem.Scaffolds.MurckoScaffold import GetScaffoldForMol
from rdkit.rdBase import BlockLogs

from biomatrix.entities.molecule.identity import graph_key

MOST_ATOMS: Final = 500
"""Heavy atoms past which no InChI is made, which may take minutes: the canonical graph stands in for it."""
_murcko: Any = GetScaffoldForMol
_inchi_key: Any = Chem.MolToInchiKey
_LAYER: Final = 14
"""The characters of an InChIKey that hash the formula, the bonds and the hydrogens."""


def overlap_keys(mol: Chem.Mol) -> dict[str, str]:
    """Return the keys of a molecule by name, the closest first.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        Sanitised.

    Returns
    -------
    dict of str to str
        ``inchikey``: the same compound; ``connectivity``: also its stereoisomers, isotopologues and protonation states;
        ``parent``: the connectivity of its largest fragment, which is also that of its salts and solvates;
        ``scaffold``: the Murcko scaffold of that fragment, left out where it has no ring.

    Examples
    --------
    >>> salt, acid = (overlap_keys(Chem.MolFromSmiles(text)) for text in ("C[C@H](N)C(=O)[O-].[Na+]", "CC(N)C(=O)O"))
    >>> salt["connectivity"] == acid["connectivity"], salt["parent"] == acid["parent"]
    (False, True)
    """
    with BlockLogs():
        key = _inchikey(mol)
        parent = _parent(mol)
        parent_key = key if parent is mol else _inchikey(parent)
        found = {"inchikey": key, "connectivity": _connectivity(key), "parent": _connectivity(parent_key)}
        scaffold = _murcko(Chem.RemoveHs(parent)) if parent.GetRingInfo().NumRings() else None
        if scaffold is not None and scaffold.GetNumAtoms():
            found["scaffold"] = Chem.MolToSmiles(scaffold, isomericSmiles=False)
    return found


def _inchikey(mol: Chem.Mol) -> str:
    """Return the InChIKey; the canonical graph of what has none, as dummy atoms or too many atoms."""
    key = str(_inchi_key(mol)) if mol.GetNumHeavyAtoms() <= MOST_ATOMS else ""
    return key or f"graph:{graph_key(mol)}"


def _connectivity(key: str) -> str:
    return key if key.startswith("graph:") else key[:_LAYER]


def _parent(mol: Chem.Mol) -> Chem.Mol:
    """Return the fragment of the most heavy atoms, those that hold carbon before the others."""
    fragments: tuple[Chem.Mol, ...] = Chem.GetMolFrags(mol, asMols=True)
    if len(fragments) < 2:
        return mol

    def size(fragment: Chem.Mol) -> tuple[bool, int, str]:
        has_carbon = any(atom.GetAtomicNum() == 6 for atom in fragment.GetAtoms())
        return has_carbon, fragment.GetNumHeavyAtoms(), Chem.MolToSmiles(fragment)

    return max(fragments, key=size)
