"""Folding and inverse folding judged as the evaluator of DPLM-2 judges them.

``bytedance/dplm`` at 8b3425b, ``src/byprot/utils/protein/``. Its TM-score comes from TM-align on an array of shape
(N, 3, 3) where (N, 3) is meant: of the 3N atoms only the first N are read, the first third of the chain. Published
values of that kind may carry this; ``tm_score`` is the conventional one, of all CA.

Legend: L residues; a backbone is ``float64 [L, 3, 3]``, (N, CA, C) of each residue in Angstrom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.errors import UnsupportedError
from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.scores import Scores, mean_score
from biomatrix.metrics.sequence_recovery import sequence_recovery
from biomatrix.metrics.superposition import rmsd, tm_score
from biomatrix.metrics.tm_align.aligner import FEWEST_RESIDUES, tm_align_each

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

NAMES: Final = ("tm_score", "tm_score_third", "tm_score_in_place", "rmsd", "ca_rmsd")
_MISSING: Final = 1e-7
"""A residue whose reference CA has coordinates that sum to no more than this has none."""


def folding(predicted: Sequence[ArrayLike | None], native: Sequence[ArrayLike]) -> Scores:
    """Return how near predicted backbones are to the native ones, as means over proteins.

    Parameters
    ----------
    predicted : sequence of (array or None), shape=(L, 3, 3)
        None where there is no structure: left out of the means, and counted as empty.
    native : sequence of array, shape=(L, 3, 3)
        Residues whose CA is all zero or NaN are left out of every number.

    Returns
    -------
    mapping of str to Score
        ``tm_score`` (TM-align of CA), ``tm_score_third`` (the published evaluator's), ``tm_score_in_place`` (residue i
        against residue i), ``rmsd`` (of N, CA and C after superposition) and ``ca_rmsd``, in Angstrom.
        ``tm_score_corrected`` counts a missing structure as 0.

    Raises
    ------
    ValueError
        The numbers of structures differ, or the lengths of a pair.
    """
    checked_pairs(native, predicted)
    missing = sum(found is None for found in predicted)
    pairs = zip(predicted, native, strict=True)
    compared = iter(compare_each([(found, known) for found, known in pairs if found is not None]))
    nothing = dict.fromkeys(NAMES, float("nan"))
    rows = [nothing if found is None else next(compared) for found in predicted]
    scores = {name: mean_score([row[name] for row in rows], empty=missing) for name in NAMES}
    strict = np.nan_to_num([row["tm_score"] for row in rows], nan=0.0)
    return scores | {"tm_score_corrected": mean_score(strict, empty=missing)}


def compare_backbones(predicted: ArrayLike, native: ArrayLike) -> Mapping[str, float]:
    """Return what :func:`compare_each` does of one protein."""
    return compare_each([(predicted, native)])[0]


def compare_each(pairs: Sequence[tuple[ArrayLike, ArrayLike]]) -> list[Mapping[str, float]]:
    """Return the numbers of :data:`NAMES` for each (predicted, native); NaN where too few residues can be compared.

    Raises
    ------
    ValueError
        The two of a pair differ in length, or are no backbones.
    """
    present = [_present(found, known) for found, known in pairs]
    numbers: list[dict[str, float]] = [dict.fromkeys(NAMES, float("nan")) for _ in present]
    judged = [place for place, (_, known) in enumerate(present) if len(known) >= FEWEST_RESIDUES]
    whole = [(present[place][0][:, 1], present[place][1][:, 1]) for place in judged]
    third = [_first_third(*present[place]) for place in judged]
    aligned = tm_align_each(whole + third)
    for place, (ca, ca_known), score, third_score in zip(
        judged, whole, aligned[: len(judged)], aligned[len(judged) :], strict=True
    ):
        atoms, atoms_known = (points.reshape(-1, 3) for points in present[place])
        numbers[place] = {
            "tm_score": score,
            "tm_score_third": third_score,
            "tm_score_in_place": tm_score(ca, ca_known),
            "rmsd": float(rmsd(atoms, atoms_known)),
            "ca_rmsd": float(rmsd(ca, ca_known)),
        }
    return list(numbers)


def _present(predicted: ArrayLike, native: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the residues of both that both have, ``float64 [residues, 3, 3]``."""
    found, known = np.asarray(predicted, dtype=np.float64), np.asarray(native, dtype=np.float64)
    if found.shape != known.shape or found.shape[1:] != (3, 3):
        raise ValueError(f"backbones of shapes {found.shape} and {known.shape}; both must be (residues, 3, 3)")
    used = np.abs(known[:, 1]).sum(axis=1) > _MISSING  # False for NaN
    used &= np.isfinite(found).all(axis=(1, 2)) & np.isfinite(known).all(axis=(1, 2))
    return found[used], known[used]


def _first_third(
    found: NDArray[np.float64], known: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the atoms that the published evaluator reads: as many as there are residues."""
    return found.reshape(-1, 3)[: len(known)], known.reshape(-1, 3)[: len(known)]


def recovery(designed: Sequence[str], native: Sequence[str]) -> Scores:
    """Return the amino-acid recovery: identity residue by residue, and the plain mean over proteins.

    Parameters
    ----------
    designed : sequence of str
        Designed sequences; an empty one is left out. One of another length cannot be compared (the official code stops
        there): it is left out too, and counted.
    native : sequence of str
        Sequences; X equals X.

    Returns
    -------
    mapping of str to Score
        ``aar``; ``aar_corrected``, where what is left out counts 0; ``aar_residues``, weighted by residues, which the
        published one is not.

    Raises
    ------
    ValueError
        The numbers of sequences differ.
    """
    scores = sequence_recovery(designed, native)
    return {"aar": scores.mean, "aar_corrected": scores.corrected, "aar_residues": scores.pooled}


def best_of_designs(scores: Sequence[float]) -> int:
    """Return which of several designs folds back best: the place of the greatest score, NaN counting least.

    Raises
    ------
    UnsupportedError
        There is none.
    """
    if not len(scores):
        raise UnsupportedError("no design to choose from")
    return int(np.nan_to_num(np.asarray(scores, dtype=np.float64), nan=-np.inf).argmax())
