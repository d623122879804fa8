"""Examples of complexes: a ligand in its pose, the chains around it, and an affinity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from biomatrix.entities import Molecule, Protein
from biomatrix.errors import ParseError
from biomatrix.tasks.benchmarks.examples import Example, FieldValue

_NEAR: Final = 8.0
"""Within how many Angstrom of the ligand a residue counts as near."""


def complex_example(key: str, ligand: Molecule, chains: Sequence[Protein], affinity: float) -> Example:
    """Return the example of a complex; of several chains the one with most residues by the ligand is shown.

    Parameters
    ----------
    key : str
    ligand : Molecule
        With its pose, in the frame of the chains.
    chains : sequence of Protein
        With backbones.
    affinity : float
        -log10 of a constant in mol/L.

    Raises
    ------
    ParseError
        There is no chain with coordinates, or no pose.
    """
    if not ligand.has_structure:
        raise ParseError("the ligand has no pose")
    placed = [chain for chain in chains if chain.has_structure]
    if not placed:
        raise ParseError("no protein chain with coordinates")
    chain = max(placed, key=lambda one: _contacts(one, ligand))
    fields: dict[str, FieldValue] = {
        "molecule": ligand,
        "molecule_structure": ligand,
        "protein_sequence": chain,
        "protein_structure": chain,
    }
    return Example(key, fields, (f"{affinity:.2f}",), facts={"residues": len(chain), "chains": len(placed)})


def _contacts(chain: Protein, ligand: Molecule) -> int:
    """Return how many residues have an atom of their backbone near one of the ligand."""
    assert chain.backbone is not None
    atoms = np.nan_to_num(chain.backbone.reshape(-1, 1, 3), nan=1e6)
    pose = np.asarray(ligand.mol.GetConformer().GetPositions(), dtype=np.float32)
    near = (np.linalg.norm(atoms - pose, axis=-1) < _NEAR).any(axis=1)
    return int(near.reshape(-1, 3).any(axis=1).sum())
