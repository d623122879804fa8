"""The contributions of single answers to a score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biomatrix.metrics.scores import Score


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
