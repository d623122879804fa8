"""What a metric returns: a value with the counts it rests on, and where it is a mean, what it is the mean of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Score:
    """One number that judges answers.

    Parameters
    ----------
    value : float
        NaN where it is undefined, such as a mean over nothing.
    n : int
        The answers that were judged, empty and unparsable ones included.
    empty : int
        How many of them were empty.
    unparsable : int
        How many of them, not empty, stated nothing that could be judged.
    denominator : int
        What the value is divided by.
    items : ndarray, shape=(n,), dtype=float64, optional
        What each answer contributes, NaN where it is left out of the denominator; the value is their mean. Not given
        where the value belongs to the answers as a set.
    reason : str
        Why there is no value, or why it leaves answers out, such as weights that are not here; "" where nothing is
        wrong, or nobody knows what.
    """

    value: float
    n: int
    empty: int = 0
    unparsable: int = 0
    denominator: int = 0
    items: NDArray[np.float64] | None = None
    reason: str = ""


Scores: TypeAlias = Mapping[str, Score]
"""Scores by name. A name is the official one; where the official code is wrong, ``NAME_corrected`` stands beside it."""


def mean_score(items: Sequence[float] | NDArray[np.float64], *, empty: int = 0, unparsable: int = 0) -> Score:
    """Return the mean of what each answer contributes; NaN items are left out of the denominator.

    Examples
    --------
    >>> score = mean_score([1.0, 0.0, float("nan")], unparsable=1)
    >>> score.value, score.n, score.denominator
    (0.5, 3, 2)
    """
    values = np.asarray(items, dtype=np.float64)
    counted = values[~np.isnan(values)]
    value = float(counted.mean()) if len(counted) else float("nan")
    return Score(value, len(values), empty, unparsable, len(counted), values)


def items_of(score: Score) -> NDArray[np.float64]:
    """Return what each answer contributes.

    Raises
    ------
    ValueError
        The score belongs to the answers as a set.
    """
    if score.items is None:
        raise ValueError("the score belongs to the answers as a set")
    return score.items
