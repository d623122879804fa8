"""Values that were hidden and filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biomatrix.metrics.cells.perturbation import pearson

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def hidden_entries(values: NDArray[np.floating], share: float, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of detected values to hide: each is drawn with the same chance.

    Parameters
    ----------
    values : ndarray, shape=(C, G)
        Above 0 where a gene was detected.
    share : float
        Of the detected values, between 0 and 1.
    seed : int
    """
    if not 0 < share < 1:
        raise ValueError(f"a share of {share}: between 0 and 1")
    drawn = (values > 0) & (np.random.default_rng(seed).random(values.shape) < share)
    rows, columns = np.nonzero(drawn)
    return rows, columns


def imputation_scores(true: ArrayLike, filled: ArrayLike) -> dict[str, float]:
    """Return ``pearson`` and ``rmse`` over hidden detected values, as log1p of counts per 10,000.

    Examples
    --------
    >>> imputation_scores([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])["rmse"].__round__(3)
    0.577
    """
    a, b = np.asarray(true, dtype=np.float64), np.asarray(filled, dtype=np.float64)
    return {"pearson": pearson(a, b), "rmse": float(np.sqrt(np.mean((a - b) ** 2)))}
