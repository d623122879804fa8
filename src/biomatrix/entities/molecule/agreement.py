"""Whether a molecule is the one asked for, or the one its other modality spells."""

from __future__ import annotations

from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.check import Check
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.matching import is_part
from biomatrix.errors import LimitError
from biomatrix.metrics.stereochemistry import as_shown, canonical_smiles


def agree_molecules(reference: Molecule, entity: Molecule) -> list[Check]:
    """Return whether a molecule has the graph of a reference, its stereochemistry, and its isotopes.

    Stereochemistry is what the conformer shows, where there is one. What the reference leaves open the molecule may
    decide: only a mark that is lost or turned is a fault. Explicit hydrogens do not count.

    Parameters
    ----------
    reference, entity : Molecule

    Returns
    -------
    list of Check
        The last two have ``passed`` None where the graphs differ.
    """
    with BlockLogs():
        first, second = Chem.RemoveHs(as_shown(reference.mol)), Chem.RemoveHs(as_shown(entity.mol))
        graphs = [canonical_smiles(mol, stereo=False, isotopes=False) for mol in (first, second)]
        if graphs[0] != graphs[1]:
            different = Check("same graph", False, detail=f"{graphs[0]} and {graphs[1]}")
            unknown = "the graphs differ"
            return [
                different,
                *(Check(f"same {what}", None, detail=unknown) for what in ("stereochemistry", "isotopes")),
            ]
        marked, detail = _shows_marks(first, second)
        isotopes = [canonical_smiles(mol, stereo=False, isotopes=True) for mol in (first, second)]
    return [
        Check("same graph", True),
        Check("same stereochemistry", marked, detail=detail),
        Check("same isotopes", isotopes[0] == isotopes[1]),
    ]


def _shows_marks(first: Chem.Mol, second: Chem.Mol) -> tuple[bool | None, str]:
    """Return whether a molecule has every stereo mark of another one of its graph, and what is to be said of it."""
    try:
        marked = is_part(second, _plain(first), chiral=True)
    except LimitError as error:
        return None, error.message
    return marked, "" if marked else f"{Chem.MolToSmiles(first)} and {Chem.MolToSmiles(second)}"


def _plain(mol: Chem.Mol) -> Chem.Mol:
    """Return a copy without isotopes and atom maps, which a substructure match would ask for."""
    copy = Chem.Mol(mol)
    for atom in copy.GetAtoms():
        atom.SetIsotope(0)
        atom.SetAtomMapNum(0)
    return copy
