"""Conformers from graphs: ETKDGv3, then a force field; bounded by work, never by the clock.

What is tried depends on the graph and the seed alone, so a slow or busy machine gives the same conformer, or the same
refusal, as a quick one.
"""

from __future__ import annotations

from operator import index
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers
from rdkit.Geometry import Point3D

from biomatrix.entities.molecule.chemistry_log import captured_log
from biomatrix.errors import LimitError, UnsupportedError

MOST_ATOMS: Final = 1_000
"""The largest number of atoms, hydrogens included, that is embedded."""
MOST_ATTEMPTS: Final = 1_000_000
FORCE_FIELD_STEPS: Final = 200
"""The most steps of the force field."""
NO_CONFORMER: Final = (
    "the molecule has no 3D conformer; give a file that holds one, such as .sdf, or embed it first (Molecule.embed)"
)
_WORK: Final = 100_000_000
"""Cubed atoms over all attempts from one kind of start: some 15 s of a processor of 2024."""
_CHEAP_WORK: Final = 80 * _WORK
"""The same for attempts that end before any minimisation, at a start that no coordinates fit."""
_FEWEST: Final = 2
_PER_ATOM: Final = 10
"""RDKit's own bound on attempts, for each atom."""
_FRAGMENT_GAP: Final = 3.0
_SHOWN: Final = 80


def default_attempts(num_atoms: int) -> int:
    """Return how many starting positions of each kind are tried for a molecule, hydrogens counted.

    Examples
    --------
    >>> default_attempts(21), default_attempts(200), default_attempts(517)
    (210, 12, 2)
    """
    return max(min(_PER_ATOM * num_atoms, _WORK // num_atoms**3), _FEWEST)


def embedded(graph: Chem.Mol, seed: int, attempts: int | None = None) -> tuple[Chem.Mol, tuple[str, ...]]:
    """Return a copy of a molecule with explicit hydrogens and one conformer, and notes of how it was made.

    Parameters
    ----------
    graph : rdkit.Chem.Mol
        Sanitised, without wildcard atoms.
    seed : int
        From 0 to 2,147,483,646.
    attempts : int, optional
        The starting positions tried, as many from distances as at random; :func:`default_attempts` when not given.

    Raises
    ------
    UnsupportedError
        A seed or number of attempts out of range, or no geometry within the attempts.
    LimitError
        More than ``MOST_ATOMS`` atoms.
    """
    seed = _whole(seed, "the seed", 0, 2**31 - 2)
    attempts = None if attempts is None else _whole(attempts, "attempts", 1, MOST_ATTEMPTS)
    with captured_log() as log:
        mol = Chem.AddHs(graph)
        size = mol.GetNumAtoms()
        if size > MOST_ATOMS:
            raise LimitError(
                f"number of atoms is {size:,}, past the limit of {MOST_ATOMS:,} for embedding",
                limit="atoms_embedded",
                actual=size,
                allowed=MOST_ATOMS,
            )
        allowed = attempts or default_attempts(size)
        if not (_from_distances(mol, seed, allowed, given=attempts is not None) or _at_random(mol, seed, allowed)):
            raise UnsupportedError(
                f"RDKit could not embed {Chem.MolToSmiles(graph)[:_SHOWN]} ({size} atoms): {allowed} starting "
                f"positions from distances and {allowed} at random gave no geometry; allow more: "
                f"embed(attempts=...), --embed-attempts, or embed_attempts in a recipe. {log.reason}".rstrip()
            )
        return mol, _set_apart(mol) + _relax(mol)


def conformer_of(xyz: NDArray[np.float64]) -> Chem.Conformer:
    """Return a conformer in 3D at the given positions, ``float64 [N, 3]`` in Angstrom."""
    conformer = Chem.Conformer(len(xyz))
    conformer.Set3D(True)
    if hasattr(conformer, "SetPositions"):
        conformer.SetPositions(np.ascontiguousarray(xyz))
    else:
        for index, (x, y, z) in enumerate(xyz.tolist()):
            conformer.SetAtomPosition(index, Point3D(x, y, z))
    return conformer


def _whole(value: int, name: str, least: int, most: int) -> int:
    try:
        number = index(value)
    except TypeError:
        number = least - 1
    if not least <= number <= most:
        raise UnsupportedError(f"{name} is {value!r}; give a whole number from {least} to {most:,}")
    return number


def _parameters(seed: int, attempts: int) -> Any:
    parameters: Any = rdDistGeom.ETKDGv3()
    parameters.randomSeed = seed + 1  # RDKit takes 0 and 1 for the same seed
    parameters.maxIterations = attempts
    parameters.trackFailures = True
    return parameters


def _from_distances(mol: Chem.Mol, seed: int, allowed: int, *, given: bool) -> bool:
    """Add a conformer in place that starts from the eigenvectors of random distances; return whether it worked.

    Most failures of this start cost next to nothing: no coordinates fit the distances drawn. They do not count against
    what is allowed unless the caller gave a number. RDKit draws the same attempts again with the same seed, so the
    bound is raised step by step, as long as what was spent is within it.
    """
    size = mol.GetNumAtoms()
    most = allowed if given else max(min(_PER_ATOM * size, _CHEAP_WORK // size**3), allowed)
    tried = min(allowed, most)
    while True:
        parameters = _parameters(seed, tried)
        if _attempt(mol, parameters):
            return True
        costly = tried - int(parameters.GetFailureCounts()[0])
        if tried >= most or costly >= allowed:
            return False
        tried = min(4 * tried, most)


def _at_random(mol: Chem.Mol, seed: int, allowed: int) -> bool:
    """Add a conformer in place that starts from random positions; return whether it worked."""
    parameters = _parameters(seed, allowed)
    parameters.useRandomCoords = True
    return _attempt(mol, parameters)


def _attempt(mol: Chem.Mol, parameters: Any) -> bool:
    try:
        return int(rdDistGeom.EmbedMolecule(mol, parameters)) == 0
    except (ValueError, RuntimeError):
        return False


def _set_apart(mol: Chem.Mol) -> tuple[str, ...]:
    """Move fragments that RDKit placed over one another side by side along x; return the note to add."""
    fragments = Chem.GetMolFrags(mol)
    if len(fragments) == 1:
        return ()
    xyz = np.asarray(mol.GetConformer().GetPositions())
    edge = -_FRAGMENT_GAP
    for fragment in map(list, fragments):
        xyz[fragment, 0] += edge + _FRAGMENT_GAP - xyz[fragment, 0].min()
        edge = xyz[fragment, 0].max()
    mol.RemoveAllConformers()
    mol.AddConformer(conformer_of(xyz), assignId=True)
    return (f"{len(fragments)} fragments embedded apart and set side by side",)


def _relax(mol: Chem.Mol) -> tuple[str, ...]:
    """Minimise the conformer in place and return the notes to add."""
    relaxed = Chem.Mol(mol)  # MMFF94 leaves its own aromaticity on the molecule it works on
    notes: tuple[str, ...] = ()
    try:
        if rdForceFieldHelpers.MMFFHasAllMoleculeParams(Chem.Mol(mol)):
            unfinished = rdForceFieldHelpers.MMFFOptimizeMolecule(relaxed, maxIters=FORCE_FIELD_STEPS)
            field = "MMFF94"
        elif rdForceFieldHelpers.UFFHasAllMoleculeParams(mol):
            unfinished = rdForceFieldHelpers.UFFOptimizeMolecule(relaxed, maxIters=FORCE_FIELD_STEPS)
            notes, field = ("embedded with UFF: MMFF94 has no parameters for it",), "UFF"
        else:
            return _NO_FORCE_FIELD
    except (ValueError, RuntimeError):
        return _NO_FORCE_FIELD
    mol.GetConformer().SetPositions(relaxed.GetConformer().GetPositions())
    if unfinished:
        notes = (*notes, f"{field} stopped after {FORCE_FIELD_STEPS} steps, short of its minimum")
    return notes


_NO_FORCE_FIELD: Final = ("embedded without a force field: neither MMFF94 nor UFF has parameters for it",)
