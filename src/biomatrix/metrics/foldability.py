"""What predicted folds say of designs: confidence, and whether a design folds back to what it was made for.

``PDFBench/PDFBench`` at db82ea5 for confidence, ``bytedance/dplm`` at 8b3425b for self-consistency. The folds come from
any folding network; nothing here loads one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.protein_design import NAMES, compare_backbones
from biomatrix.metrics.scores import Scores, mean_score

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

CONFIDENT: Final = 0.7
"""A fold whose mean pLDDT is above counts as confident."""
LOW_ERROR: Final = 10.0
"""A fold whose mean PAE is below counts as of low error."""


@dataclass(frozen=True, eq=False)
class Fold:
    """A predicted structure and what its network thinks of it.

    Parameters
    ----------
    backbone : ndarray, shape=(L, 3, 3), dtype=float64
        N, CA, C of each residue in Angstrom.
    plddt : float
        From 0 to 1: the mean over all atoms.
    pae : float
        The mean predicted aligned error as PDFBench computes it: per pair, the mean over bins of probability times bin
        number, times 31, which is no length.
    expected_error : float
        The mean expected aligned error in Angstrom.
    residue_plddt : ndarray, shape=(L,), dtype=float64
        From 0 to 1, of CA.
    """

    backbone: NDArray[np.float64]
    plddt: float
    pae: float
    expected_error: float
    residue_plddt: NDArray[np.float64]


def foldability(folds: Sequence[Fold | None]) -> Scores:
    """Return how confident the folds of designs are.

    Parameters
    ----------
    folds : sequence of (Fold or None)
        None where a design was empty or could not be folded: left out of the means, and not above any threshold.

    Returns
    -------
    mapping of str to Score
        ``plddt`` (from 0 to 100), ``plddt_gt70`` (share of all), ``pae``, ``pae_lt10`` (share of all) and
        ``pae_corrected``, the mean expected error in Angstrom.
    """
    missing = sum(fold is None for fold in folds)
    nan = float("nan")
    plddt = np.array([nan if fold is None else fold.plddt for fold in folds], dtype=np.float64)
    pae = np.array([nan if fold is None else fold.pae for fold in folds], dtype=np.float64)
    expected = np.array([nan if fold is None else fold.expected_error for fold in folds], dtype=np.float64)
    with np.errstate(invalid="ignore"):
        shares = {"plddt_gt70": plddt > CONFIDENT, "pae_lt10": pae < LOW_ERROR}
    return {
        "plddt": mean_score(100.0 * plddt, unparsable=missing),
        "pae": mean_score(pae, unparsable=missing),
        "pae_corrected": mean_score(expected, unparsable=missing),
        **{name: mean_score(share.astype(np.float64), unparsable=missing) for name, share in shares.items()},
    }


def self_consistency(designs: Sequence[ArrayLike | None], folds: Sequence[Sequence[Fold | None]]) -> Scores:
    """Return whether designed backbones are folded into by the sequences designed for them.

    Parameters
    ----------
    designs : sequence of (array or None), shape=(L, 3, 3)
        Generated or native backbones; None where there is none.
    folds : sequence of sequence of (Fold or None)
        For each backbone the folds of its sequences: one of its own where sequence and structure were generated
        together, or one for each sequence that a designer wrote. The fold of the best TM-score is kept.

    Returns
    -------
    mapping of str to Score
        ``sctm``, ``sctm_third`` (as the published evaluator reads a third of the chain), ``scrmsd`` in Angstrom, and
        ``plddt`` from 0 to 100 of the fold that was kept. Backbones that are absent, or without a fold of their
        length, are left out and counted; ``sctm_corrected`` counts them as 0.

    Raises
    ------
    ValueError
        The numbers of backbones and of lists of folds differ.
    """
    checked_pairs(designs, folds)
    rows = [_best(design, options) for design, options in zip(designs, folds, strict=True)]
    missing = sum(design is None for design in designs)
    unfolded = sum(np.isnan(row["tm_score"]) for row in rows) - missing
    counts = {"empty": missing, "unparsable": int(unfolded)}
    names = {"sctm": "tm_score", "sctm_third": "tm_score_third", "scrmsd": "rmsd", "plddt": "plddt"}
    strict = np.nan_to_num([row["tm_score"] for row in rows], nan=0.0)
    scores = {name: mean_score([row[key] for row in rows], **counts) for name, key in names.items()}
    return scores | {"sctm_corrected": mean_score(strict, **counts)}


def _best(design: ArrayLike | None, folds: Sequence[Fold | None]) -> dict[str, float]:
    best = dict.fromkeys((*NAMES, "plddt"), float("nan"))
    if design is None:
        return best
    backbone = np.asarray(design, dtype=np.float64)
    for fold in folds:
        if fold is None or len(fold.backbone) != len(backbone):
            continue
        row = {**compare_backbones(backbone, fold.backbone), "plddt": 100.0 * fold.plddt}
        if np.isnan(best["tm_score"]) or row["tm_score"] > best["tm_score"]:
            best = row
    return best
