"""Tracks along a genome, predicted and measured: both definitions of Enformer's Pearson, and scores of variants.

Legend: R regions, B bins of a region, T tracks. Regions may be added one by one, so that a test set need not fit in
memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.errors import UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LEAST: Final = 1e-8
"""The least norm that the code of the second definition divides by."""


class TrackCorrelation:
    """Pearson's r of each track, by the two definitions in use.

    Examples
    --------
    >>> found = TrackCorrelation()
    >>> found.add([[0.0], [1.0]], [[0.0], [2.0]])
    >>> found.add([[5.0], [4.0]], [[1.0], [0.0]])
    >>> round(float(found.over_all_bins()[0]), 4), round(found.over_regions(), 4)
    (-0.0731, 1.0)
    """

    def __init__(self) -> None:
        self._bins = 0
        self._means: NDArray[np.float64] | None = None  # [2, T], of predicted and true
        self._sums = np.zeros((3, 0))  # [3, T], of centred squares and of the product
        self._by_region: list[float] = []

    def add(self, predicted: ArrayLike, true: ArrayLike) -> None:
        """Count one region.

        Parameters
        ----------
        predicted, true : array, shape=(B, T)

        Raises
        ------
        UnsupportedError
            The shapes differ from each other or from the regions before in their tracks, or a value is not finite.
        """
        found, known = np.asarray(predicted, dtype=np.float64), np.asarray(true, dtype=np.float64)
        tracks = found.shape[-1] if self._means is None else self._means.shape[1]
        if found.shape != known.shape or found.ndim != 2 or found.shape[1] != tracks or not len(found):
            raise UnsupportedError(f"tracks of shapes {found.shape} and {known.shape}; give (bins, tracks) for both")
        if not (np.isfinite(found).all() and np.isfinite(known).all()):
            raise UnsupportedError("a value of a track is not finite")
        means = np.stack((found.mean(axis=0), known.mean(axis=0)))
        a, b = found - means[0], known - means[1]
        sums = np.stack(((a * a).sum(axis=0), (b * b).sum(axis=0), (a * b).sum(axis=0)))
        lengths = np.maximum(np.sqrt(sums[:2]), _LEAST)
        self._by_region.append(float((sums[2] / lengths[0] / lengths[1]).mean()))
        self._merge(len(found), means, sums)

    def over_all_bins(self) -> NDArray[np.float64]:
        """Return r of each track over the bins of all regions together, ``float64 [T]``; NaN where a side is constant.

        ``MeanPearsonCorrCoefPerChannel``, whose mean over tracks is the printed number.
        """
        spread = np.sqrt(self._sums[0]) * np.sqrt(self._sums[1])
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(spread > 0, self._sums[2] / spread, np.nan))

    def over_regions(self) -> float:
        """Return the mean over regions of the mean over tracks of r within the region; a constant track counts 0.

        ``return_corr_coef`` of enformer-pytorch. NaN without a region.
        """
        return float(np.mean(self._by_region)) if self._by_region else float("nan")

    def _merge(self, bins: int, means: NDArray[np.float64], sums: NDArray[np.float64]) -> None:
        """Add centred sums of further bins to those so far, which keeps their digits (Chan and others 1979)."""
        if self._means is None:
            self._bins, self._means, self._sums = bins, means, sums
            return
        total, gap = self._bins + bins, means - self._means
        share = self._bins * bins / total
        self._sums = self._sums + sums + share * np.stack((gap[0] ** 2, gap[1] ** 2, gap[0] * gap[1]))
        self._means = self._means + gap * (bins / total)
        self._bins = total


def variant_scores(reference: ArrayLike, alternative: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Return Enformer's scores of a variant, each ``float64 [T]``.

    Parameters
    ----------
    reference, alternative : array, shape=(B, T)
        Predicted tracks, not below 0.

    Returns
    -------
    mapping of str to ndarray
        ``sad``, the difference summed over bins; ``sar``, that of log2(1 + value).
    """
    before, after = np.asarray(reference, dtype=np.float64), np.asarray(alternative, dtype=np.float64)
    if before.shape != after.shape or before.ndim != 2:
        raise UnsupportedError(f"tracks of shapes {before.shape} and {after.shape}; give (bins, tracks) for both")
    return {
        "sad": (after - before).sum(axis=0),
        "sar": (np.log2(1.0 + after) - np.log2(1.0 + before)).sum(axis=0),
    }


def gene_expression(track: ArrayLike, start_bin: int, neighbours: int = 1) -> float:
    """Return log1p of what a CAGE track sums to in the bin of a transcription start and its neighbours.

    Parameters
    ----------
    track : array, shape=(B,)
    start_bin : int
    neighbours : int
        Bins on either side; those past an end are left out.
    """
    values = np.asarray(track, dtype=np.float64)
    if not 0 <= start_bin < len(values):
        raise UnsupportedError(f"bin {start_bin} of a track of {len(values)} bins")
    return float(np.log1p(values[max(start_bin - neighbours, 0) : start_bin + neighbours + 1].sum()))
