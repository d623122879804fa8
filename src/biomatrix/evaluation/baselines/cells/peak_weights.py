"""Weights of open peaks by term frequency and inverse document frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def tf_idf(values: NDArray[np.float64], train: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return log1p(1e4 x share of the cell's open peaks x log(1 + training cells / training cells with the peak)).

    A peak that no training cell has open counts as open in one.

    Parameters
    ----------
    values : ndarray, shape=(C, P)
        Above 0 where a peak is open.
    train : ndarray, shape=(C,), dtype=bool
    """
    is_open = (values > 0).astype(np.float64)
    share = is_open / np.maximum(is_open.sum(axis=1, keepdims=True), 1.0)
    seen = np.maximum(is_open[train].sum(axis=0), 1.0)
    return np.asarray(np.log1p(1e4 * share * np.log1p(train.sum() / seen)))
