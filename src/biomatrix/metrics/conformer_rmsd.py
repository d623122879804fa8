"""How far the conformers of two molecules of the same graph are apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from biomatrix.metrics.superposition import rmsd


def conformer_rmsd(original: Chem.Mol, decoded: Chem.Mol) -> float | None:
    """Return the RMSD in Angstrom over all explicit atoms after superposition; None where these differ.

    The original's atoms are taken in the order of its canonical SMILES, the decoded ones as they stand (the order
    a tokenizer gives them) and in canonical order, whichever is nearer. Equivalent atoms are not exchanged, so
    the value is an upper bound for symmetric molecules.

    Parameters
    ----------
    original, decoded : rdkit.Chem.Mol
        With one conformer each.
    """
    elements, target = _atoms(original, canonical_order(original))
    values: list[float] = []
    for order in (list(range(decoded.GetNumAtoms())), canonical_order(decoded)):
        numbers, positions = _atoms(decoded, order)
        if numbers == elements:
            values.append(float(rmsd(positions, target)))
    return min(values, default=None)


def canonical_order(mol: Chem.Mol) -> list[int]:
    """Return the atoms in the order of the canonical Kekulé SMILES without stereo marks."""
    copy = Chem.Mol(mol)
    Chem.MolToSmiles(copy, kekuleSmiles=True, isomericSmiles=False)
    return list(copy.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"])


def _atoms(mol: Chem.Mol, order: list[int]) -> tuple[list[int], NDArray[np.float64]]:
    """Return atomic numbers and positions, ``float64 [num_atoms, 3]`` in Angstrom, in that order."""
    numbers = [mol.GetAtomWithIdx(index).GetAtomicNum() for index in order]
    return numbers, np.asarray(mol.GetConformer().GetPositions(), dtype=np.float64)[order]
