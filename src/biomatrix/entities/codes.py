"""The codes of a chain, one per residue, as they come from outside."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from biomatrix.errors import DecodeError


def checked_codes(codes: ArrayLike, num_codes: int) -> NDArray[np.int64]:
    """Return codes as ``int64 [L]``, each -1 or from 0 to ``num_codes - 1``.

    Raises
    ------
    DecodeError
        A code out of range, with its position from 1, or an array that is not one-dimensional and whole-numbered.
    """
    array = _whole_numbers(codes)
    wrong = np.flatnonzero((array < -1) | (array >= num_codes))
    if wrong.size:
        raise DecodeError(f"code {array[wrong[0]]} is not -1 or in 0..{num_codes - 1}", position=int(wrong[0]) + 1)
    return array.astype(np.int64)


def _whole_numbers(codes: ArrayLike) -> NDArray[np.integer[Any]]:
    """Codes as a flat array of whole numbers, whatever their range."""
    try:
        array = np.asarray(codes)
    except ValueError as error:
        raise DecodeError(f"codes must be whole numbers in one row: {error}") from error
    if array.ndim == 1 and not array.size:
        return array.astype(np.int64)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise DecodeError(f"codes must be whole numbers in one row, got {array.dtype} of shape {array.shape}")
    return array
