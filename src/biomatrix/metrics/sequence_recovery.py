"""Native sequence recovery: how many letters of designed sequences are those of the native ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.scores import Score, mean_score

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Recovery:
    """Identity letter by letter.

    Parameters
    ----------
    mean : Score
        The plain mean over sequences of the share of equal letters.
    corrected : Score
        The same, where what could not be compared counts 0.
    pooled : Score
        The share among all letters together, so that long sequences count more.
    """

    mean: Score
    corrected: Score
    pooled: Score


def sequence_recovery(designed: Sequence[str], native: Sequence[str]) -> Recovery:
    """Return how far designs recover native sequences.

    Parameters
    ----------
    designed : sequence of str
        An empty one is left out; one of another length cannot be compared and is left out too, and counted.
    native : sequence of str

    Raises
    ------
    ValueError
        The numbers of sequences differ.

    Examples
    --------
    >>> found = sequence_recovery(["GGCC", "AU"], ["GGGG", "AU"])
    >>> found.mean.value, round(found.pooled.value, 4)
    (0.75, 0.6667)
    """
    checked_pairs(native, designed)
    same = [_matches(found, known) for found, known in zip(designed, native, strict=True)]
    shares = np.array([np.nan if hits is None else hits.mean() for hits in same])
    empty = sum(not found for found in designed)
    unparsable = int(np.isnan(shares).sum()) - empty
    letters = np.concatenate([hits for hits in same if hits is not None] or [np.zeros(0)])
    return Recovery(
        mean_score(shares, empty=empty, unparsable=unparsable),
        mean_score(np.nan_to_num(shares, nan=0.0), empty=empty, unparsable=unparsable),
        mean_score(letters),
    )


def _matches(designed: str, native: str) -> NDArray[np.float64] | None:
    if not designed or len(designed) != len(native):
        return None
    return np.array([a == b for a, b in zip(designed, native, strict=True)], dtype=np.float64)
