"""Reading SMILES with RDKit quietly: no complaints on the terminal, faults located by atom."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.molecule.queries import is_query
from biomatrix.errors import UnsupportedError
from biomatrix.metrics.arrangements import written_smiles
from biomatrix.metrics.coordination import drop_idle_marks

_WRITTEN: Final = "_biomatrix_written"


def read_smiles(smiles: str) -> Chem.Mol | None:
    """Return the sanitised molecule without marks that say nothing, or None where it is none or a query."""
    with BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    if mol is None or ("~" in smiles and is_query(mol)):
        return None
    if "@" in smiles:
        drop_idle_marks(mol)
    return mol


def kept_atoms(smiles: str) -> list[int]:
    """Return the index in :func:`read_smiles` of each atom that a string writes; -1 of a hydrogen made implicit.

    Examples
    --------
    >>> kept_atoms("C([H])O")
    [0, -1, 1]
    """
    parameters: Any = Chem.SmilesParserParams()
    parameters.removeHs = False
    with BlockLogs():
        mol: Chem.Mol | None = Chem.MolFromSmiles(smiles, parameters)
        if mol is None:
            return []
        for atom in mol.GetAtoms():
            atom.SetIntProp(_WRITTEN, atom.GetIdx())
        kept = [atom.GetIntProp(_WRITTEN) for atom in Chem.RemoveHs(mol).GetAtoms()]
    places = dict(zip(kept, range(len(kept)), strict=True))
    return [places.get(atom, -1) for atom in range(mol.GetNumAtoms())]


def settled_smiles(smiles: str) -> str | None:
    """Return the canonical SMILES that reads back as itself, or None where RDKit cannot read what it wrote.

    What RDKit writes is not always a fixed point of reading and writing: stereo marks may turn out redundant
    once read. A few rounds settle it.
    """
    for _ in range(4):
        rewritten = _rewritten(smiles)
        if rewritten is None or rewritten == smiles:
            return rewritten
        smiles = rewritten
    return None


@lru_cache(maxsize=1024)
def _rewritten(smiles: str) -> str | None:
    """Return what RDKit writes of a string that it read; remembered, as several strings of a molecule settle on one."""
    read = read_smiles(smiles)
    return None if read is None else written_smiles(read)


def reordered_smiles(smiles: str, number: int) -> str:
    """Return a SMILES string of the same molecule with its atoms in an order drawn by ``number``.

    Raises
    ------
    UnsupportedError
        What RDKit writes in that order reads back as another molecule.
    """
    reordered = random_smiles(smiles, number)
    if settled_smiles(reordered) != settled_smiles(smiles):
        raise UnsupportedError(f"another order of its atoms would change this molecule: {smiles[:80]}")
    return reordered


def random_smiles(smiles: str, number: int, *, kekule: bool = False) -> str:
    """Return a molecule's atoms in an order drawn by ``number``, not read back yet.

    Raises
    ------
    UnsupportedError
        RDKit cannot read the string.
    """
    mol = read_smiles(smiles)
    if mol is None:
        raise UnsupportedError(f"RDKit cannot read {smiles[:80]}")
    if kekule:
        Chem.Kekulize(mol, clearAromaticFlags=True)
    (reordered,) = Chem.MolToRandomSmilesVect(mol, 1, randomSeed=number, kekuleSmiles=kekule)
    return str(reordered)


def first_problem(smiles: str) -> tuple[int, str]:
    """Return the atom, in the order of the string, that RDKit refuses a SMILES for, and the reason."""
    parameters: Any = Chem.SmilesParserParams()
    parameters.sanitize = False
    parameters.removeHs = False
    with BlockLogs():
        mol: Chem.Mol | None = Chem.MolFromSmiles(smiles, parameters)
        problems: Any = Chem.DetectChemistryProblems(mol) if mol is not None else ()
    if not problems:
        return 0, "RDKit cannot parse it" if mol is None else "RDKit cannot sanitise it"
    problem = problems[0]
    atoms = problem.GetAtomIndices() if hasattr(problem, "GetAtomIndices") else (problem.GetAtomIdx(),)
    return min(atoms, default=0), str(problem.Message())
