"""Numbers answered as text (``calculate_number_metrics`` in ``utils/metrics.py``)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.scores import Score, Scores


def number_scores(references: Sequence[str | float], predictions: Sequence[str | None]) -> Scores:
    """Return the root mean square error over answers that Python's ``float`` takes; others are left out.

    Returns
    -------
    Scores
        ``rmse``, which an answer "nan" or "inf" makes NaN or infinite, and ``rmse_corrected``, which takes plain
        finite numbers alone.

    Raises
    ------
    ValueError
        The numbers of pairs differ, or a reference is no number.
    """
    checked_pairs(references, predictions)
    true = np.asarray([float(reference) for reference in references], dtype=np.float64)
    official = [_float(answer) if answer else None for answer in predictions]
    corrected = [_finite(answer, value) for answer, value in zip(predictions, official, strict=True)]
    empty = sum(not answer for answer in predictions)
    empty_stripped = sum(not answer or not answer.strip() for answer in predictions)
    return {"rmse": _rmse(true, official, empty), "rmse_corrected": _rmse(true, corrected, empty_stripped)}


def _float(answer: str) -> float | None:
    try:
        return float(answer)
    except ValueError:
        return None


def _finite(answer: str | None, value: float | None) -> float | None:
    """Return a number that is finite and written without the underscores that Python allows between digits."""
    return value if answer and "_" not in answer and value is not None and math.isfinite(value) else None


def _rmse(true: np.ndarray, numbers: Sequence[float | None], empty: int) -> Score:
    read = np.asarray([number is not None for number in numbers], dtype=bool)
    errors = np.asarray([number for number in numbers if number is not None], dtype=np.float64) - true[read]
    with np.errstate(over="ignore"):
        value = float(np.sqrt(np.mean(errors**2))) if len(errors) else math.nan
    return Score(value, len(numbers), empty, len(numbers) - empty - len(errors), len(errors))
