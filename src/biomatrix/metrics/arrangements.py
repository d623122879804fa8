"""One SMILES string for one arrangement of ligands, where RDKit's number depends on the arbitrary order of like ones.

RDKit numbers the arrangements of distinct ligands (``@SP1`` to ``@SP3``, ``@TB1`` to ``@TB20``, ``@OH1`` to
``@OH30``) and writes whichever of the equivalent numbers comes out: 18 strings for cis-SF4Cl2. Here the lowest number
that says the same is written.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import permutations
from typing import Any, Final

from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.metrics.coordination import NOT_TETRAHEDRAL, Arrangement, equivalent_arrangements, like_ligands
from biomatrix.metrics.marked_atoms import marked_atoms

_MARK: Final = re.compile(r"@(SP|TB|OH)(\d+)")
_MOST: Final = {"SP": 3, "TB": 20, "OH": 30}
_MODELS: Final = {
    Chem.ChiralType.CHI_SQUAREPLANAR: ("[Pt-2]", ((1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, -1, 0))),
    Chem.ChiralType.CHI_TRIGONALBIPYRAMIDAL: (
        "P",
        ((0, 0, 1), (1, 0, 0), (-0.5, 0.866, 0), (-0.5, -0.866, 0), (0, 0, -1)),
    ),
    Chem.ChiralType.CHI_OCTAHEDRAL: ("S", ((0, 0, 1), (1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, -1, 0), (0, 0, -1))),
}
"""A centre of each shape, and where its ligands stand."""
_BOND: Final = 2.0

_PARAMETERS: Any = Chem.SmilesParserParams()
_PARAMETERS.removeHs = False


def written_smiles(mol: Chem.Mol) -> str:
    """Return RDKit's canonical SMILES, each arrangement of ligands under the lowest number that says it."""
    smiles = str(Chem.MolToSmiles(mol))
    for place, match in enumerate(list(_MARK.finditer(smiles))):
        smiles = _with_lowest_number(smiles, place, match[1])
    return smiles


def _with_lowest_number(smiles: str, place: int, shape: str) -> str:
    """Return a string with the lowest number at its ``place``-th mark, counted from 0, that says the same."""
    told = _arrangements(smiles, place)
    if told is None:
        return smiles
    match = list(_MARK.finditer(smiles))[place]
    for number in range(1, _MOST[shape] + 1):
        candidate = f"{smiles[: match.start()]}@{shape}{number}{smiles[match.end() :]}"
        if _arrangements(candidate, place) == told:
            return candidate
    return smiles


def _arrangements(smiles: str, place: int) -> frozenset[Arrangement] | None:
    """Return every way of saying one mark of a string, or None where a ligand is missing or the string is not read."""
    with BlockLogs():
        mol: Chem.Mol | None = Chem.MolFromSmiles(smiles, _PARAMETERS)
    marked = [] if mol is None else [atom for atom in marked_atoms(mol) if atom.GetChiralTag() in NOT_TETRAHEDRAL]
    if mol is None or len(marked) <= place:
        return None
    atom = marked[place]
    arrangement = _numbered(atom.GetChiralTag()).get(atom.GetIntProp("_chiralPermutation"))
    if arrangement is None or len(arrangement) != atom.GetDegree():
        return None
    return equivalent_arrangements(arrangement, atom.GetChiralTag(), *like_ligands(atom))


@lru_cache(maxsize=3)
def _numbered(tag: Chem.ChiralType) -> dict[int, Arrangement]:
    """Return, by RDKit's number, which ligand stands at each position, as RDKit sees it in coordinates."""
    centre, positions = _MODELS[tag]
    size = len(positions)
    mol = Chem.MolFromSmiles(centre + "".join(f"([{isotope}F])" for isotope in range(1, size + 1)))
    found: dict[int, Arrangement] = {}
    for order in permutations(range(size)):
        conformer = Chem.Conformer(size + 1)
        conformer.Set3D(True)
        conformer.SetAtomPosition(0, (0.0, 0.0, 0.0))
        for position, ligand in zip(positions, order, strict=True):
            conformer.SetAtomPosition(ligand + 1, [_BOND * x for x in position])
        mol.RemoveAllConformers()
        mol.AddConformer(conformer)
        Chem.AssignStereochemistryFrom3D(mol, replaceExistingTags=True)
        atom = mol.GetAtomWithIdx(0)
        if atom.GetChiralTag() == tag:
            found.setdefault(atom.GetIntProp("_chiralPermutation"), order)
    return found
