"""Numbers answered in words: how far they are from the true ones, and how many could be read.

SMolInstruct (``OSU-NLP-Group/LLM4Chem`` at 43ab5fc, ``utils/metrics.py``) takes whatever Python's ``float`` takes and
leaves out the rest; a NaN that an answer spells makes the whole value NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.scores import Score, Scores


def read_number(answer: str | None) -> float | None:
    """Return the number that an answer is, None where it is none; blanks around it, NaN and infinity are taken.

    Examples
    --------
    >>> read_number(" -2.18 "), read_number("about -2"), read_number("1_0")
    (-2.18, None, None)
    """
    try:
        return None if answer is None or "_" in answer else float(answer)
    except ValueError:
        return None


def smolinstruct_rmse(references: Sequence[str], predictions: Sequence[str | None]) -> Scores:
    """Return ``RMSE`` over what could be read, as SMolInstruct's own code computes it.

    Returns
    -------
    Scores
        ``RMSE`` and ``RMSE_corrected``, which leaves out answers that spell NaN or an infinity too.

    Raises
    ------
    ValueError
        As many references as predictions are needed, and every reference a number.
    """
    checked_pairs(references, predictions)
    numbers = [None if not answer else read_number(answer) for answer in predictions]
    empty = sum(not answer for answer in predictions)
    errors = np.asarray(
        [math.nan if mine is None else mine - float(true) for mine, true in zip(numbers, references, strict=True)],
        dtype=np.float64,
    )
    read = np.asarray([mine is not None for mine in numbers], dtype=bool)
    unread = len(numbers) - empty - int(read.sum())
    finite = np.isfinite(errors)
    return {
        "RMSE": _rmse(errors, read, empty, unread),
        "RMSE_corrected": _rmse(errors, finite, empty, len(numbers) - empty - int(finite.sum())),
    }


def _rmse(errors: NDArray[np.float64], counted: NDArray[np.bool_], empty: int, unparsable: int) -> Score:
    chosen = errors[counted]
    value = float(np.sqrt(np.mean(chosen**2))) if len(chosen) else math.nan
    return Score(value, len(errors), empty, unparsable, len(chosen))
