"""How near a modelled strand comes to the known one in 3D: RNA TM-score, lDDT, GDT, and gRNAde's TM-score.

Points are one atom a nucleotide, nucleotide i against nucleotide i, ``float64 [n, 3]`` in Angstrom, NaN where missing.
RMSD is :func:`biomatrix.metrics.superposition.rmsd`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.errors import UnsupportedError
from biomatrix.metrics.lddt import residue_lddt
from biomatrix.metrics.superposition import superimpose
from biomatrix.metrics.tm_align.scales import Scale
from biomatrix.metrics.tm_align.search import FINE, Superposition, best_superpositions

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SAME_FOLD: Final = 0.45
"""The RNA TM-score from which on two strands are said to have the same fold (Gong and others 2019)."""
GDT_TS: Final = (1.0, 2.0, 4.0, 8.0)
"""Angstrom: the distances whose shares GDT_TS averages."""
_SHORT: Final = ((11, 0.3), (15, 0.4), (19, 0.5), (23, 0.6), (29, 0.7))
_LEAST_OF_PROTEINS: Final = 15
_TOGETHER: Final = 16


def rna_d0(length: int) -> float:
    """Return the distance in Angstrom at which a pair of nucleotides counts one half, as US-align has it for RNA.

    Examples
    --------
    >>> rna_d0(11), rna_d0(29), round(rna_d0(76), 3)
    (0.3, 0.7, 2.713)
    """
    short = next((d0 for longest, d0 in _SHORT if length <= longest), None)
    return 0.6 * float(np.sqrt(length - 0.5)) - 2.5 if short is None else short


def rna_tm_score(mobile: ArrayLike, target: ArrayLike) -> float:
    """Return the TM-score of strands, C3' of each nucleotide by convention, normalised by the length of ``target``.

    US-align with ``-mol RNA -TMscore 1``: the superposition is searched from all fragments of the whole, half, quarter
    and further halves of the strand.

    Parameters
    ----------
    mobile, target : array, shape=(n, 3)
        A nucleotide missing in ``mobile`` counts 0, one missing in ``target`` is left out.

    Returns
    -------
    float
        From 0 to 1; from :data:`SAME_FOLD` on the same fold.

    Raises
    ------
    UnsupportedError
        The numbers differ, or no nucleotide has coordinates in both.
    """
    return rna_tm_scores([(mobile, target)])[0]


def rna_tm_scores(pairs: Sequence[tuple[ArrayLike, ArrayLike]]) -> list[float]:
    """Return :func:`rna_tm_score` of each (mobile, target), searched together, which is faster for short strands."""
    asked = []
    for mobile, target in pairs:
        moving, fixed = _paired(mobile, target)
        length = int(np.isfinite(fixed).all(axis=1).sum())
        both = np.isfinite(moving).all(axis=1) & np.isfinite(fixed).all(axis=1)
        d0 = rna_d0(length)
        scale = Scale(length, d0, min(max(d0, 4.5), 8.0))
        asked.append(Superposition(moving[both], fixed[both], scale, FINE))
    scores: list[float] = []
    for start in range(0, len(asked), _TOGETHER):
        found = best_superpositions(asked[start : start + _TOGETHER])
        scores += [min(score, 1.0) for score, _ in found]
    return scores


def grnade_tm_score(mobile: ArrayLike, target: ArrayLike) -> float:
    """Return what gRNAde's evaluator calls TM-score: of C4', with the d0 of *proteins*, after one superposition.

    Not comparable with :func:`rna_tm_score`, which is higher by 0.15 in the median of the known decoys. The published
    code has no value below 15 nucleotides and writes 0 there.

    Raises
    ------
    UnsupportedError
        As for :func:`rna_tm_score`.
    """
    distance = _distances(mobile, target)
    if len(distance) < _LEAST_OF_PROTEINS:
        return 0.0
    scale = 1.24 * float(np.cbrt(len(distance) - _LEAST_OF_PROTEINS)) - 1.8
    return float((1.0 / (1.0 + (distance / scale) ** 2)).mean())


def gdt_ts(mobile: ArrayLike, target: ArrayLike) -> float:
    """Return the mean share of nucleotides within 1, 2, 4 and 8 Angstrom after one superposition of all.

    The one superposition of least squares, as evaluators of RNA design take it; the GDT of CASP searches one for each
    distance and is never lower.

    Raises
    ------
    UnsupportedError
        As for :func:`rna_tm_score`.
    """
    distance = _distances(mobile, target)
    return float(np.mean([(distance <= limit).mean() for limit in GDT_TS]))


def sold_lddt(mobile: ArrayLike, target: ArrayLike) -> float:
    """Return the lDDT as SOLD computes it of C4': the mean over nucleotides, of which only itself is left out.

    Within 15 Angstrom, kept to 0.5, 1, 2 and 4. :func:`biomatrix.metrics.lddt.lddt` is the mean over distances.

    Returns
    -------
    float
        From 0 to 1; NaN where no two nucleotides of ``target`` are within 15 Angstrom.
    """
    scores = residue_lddt(*_paired(mobile, target))
    counted = scores[np.isfinite(scores)]
    return float(counted.mean()) if len(counted) else float("nan")


def _distances(mobile: ArrayLike, target: ArrayLike) -> NDArray[np.float64]:
    """Return the distances after the best superposition, of the nucleotides that ``target`` has, ``float64 [n]``."""
    moving, fixed = _paired(mobile, target)
    distance = np.linalg.norm(superimpose(moving, fixed) - fixed, axis=1)[np.isfinite(fixed).all(axis=1)]
    return np.asarray(np.where(np.isfinite(distance), distance, np.inf))


def _paired(mobile: ArrayLike, target: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    moving, fixed = np.asarray(mobile, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if moving.shape != fixed.shape or fixed.ndim != 2 or fixed.shape[1] != 3:
        raise UnsupportedError(f"points of shapes {moving.shape} and {fixed.shape}; both must be (nucleotides, 3)")
    if not (np.isfinite(moving) & np.isfinite(fixed)).all(axis=1).any():
        raise UnsupportedError("no nucleotide has coordinates in both strands: nothing to superimpose")
    return moving, fixed
