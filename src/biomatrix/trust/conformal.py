"""Split conformal prediction: intervals and sets that hold the truth as often as they say, whatever the model.

The only assumption is that the records calibrated on and those asked about are exchangeable: drawn alike. Coverage is
then between the nominal one and that plus ``1 / (n + 1)``, on average over calibration sets (Vovk et al. 2005; Lei et
al. 2018). A shift, such as other scaffolds than those calibrated on, voids it.

Legend of shapes: n records, K labels.
"""

from __future__ import annotations

import math
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_ROUNDING: Final = 1e-9
"""What a product such as 10 * 0.9, or a quotient, may exceed the whole number that it is."""


def conformal_quantile(scores: ArrayLike, coverage: float) -> float:
    """Return the ``ceil((n + 1) * coverage)``-th smallest of n scores; infinite where n is too small for the coverage.

    Parameters
    ----------
    scores : array, shape=(n,)
        How strange each calibration record was: larger is stranger.
    coverage : float
        The share of new records whose score should not exceed it, between 0 and 1.

    Examples
    --------
    >>> conformal_quantile(range(1, 20), 0.9), conformal_quantile([1.0, 2.0], 0.9)
    (18.0, inf)
    """
    if not 0 < coverage < 1:
        raise ConfigurationError(f"coverage is between 0 and 1, such as 0.9, not {coverage}")
    array = np.asarray(scores, dtype=np.float64)
    if np.isnan(array).any():
        raise ConfigurationError("a score is NaN; leave out the records without a prediction")
    rank = math.ceil((len(array) + 1) * coverage - _ROUNDING)
    return math.inf if rank > len(array) else float(np.partition(array, rank - 1)[rank - 1])


def records_needed(coverage: float) -> int:
    """Return the fewest calibration records that reach a coverage: those whose largest score is still rank enough.

    Examples
    --------
    >>> records_needed(0.9), records_needed(0.95)
    (9, 19)
    """
    if not 0 < coverage < 1:
        raise ConfigurationError(f"coverage is between 0 and 1, such as 0.9, not {coverage}")
    return max(1, math.ceil(coverage / (1 - coverage) - _ROUNDING))


def refuse_too_few(count: int, coverage: float, what: str = "records") -> None:
    """Raise ConfigurationError where a calibration on so many records cannot reach a coverage, with what is needed."""
    needed = records_needed(coverage)
    if count >= needed:
        return
    reached = f"; {count} reach {math.floor(100 * count / (count + 1))}% at the most" if count else ""
    raise ConfigurationError(
        f"{count} {what} are too few to calibrate for {100 * coverage:g}% coverage, which takes at least "
        f"{needed}{reached}"
    )


def residual_scores(
    predictions: ArrayLike, truths: ArrayLike, difficulty: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return absolute residuals, each divided by the difficulty of its record where that is given.

    Parameters
    ----------
    predictions, truths : array, shape=(n,)
        In one unit.
    difficulty : array, shape=(n,), optional
        Positive; such as the spread of samples plus a constant.
    """
    with np.errstate(over="ignore"):  # the caller sees that one is infinite
        residuals = np.abs(np.asarray(predictions, dtype=np.float64) - np.asarray(truths, dtype=np.float64))
    if difficulty is None:
        return residuals
    scale = np.asarray(difficulty, dtype=np.float64)
    if not (scale > 0).all():
        raise ConfigurationError("a difficulty is not positive; add a constant to the spread of samples")
    with np.errstate(over="ignore"):
        return np.asarray(residuals / scale)


def lac_scores(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Return the score of every label: one minus its probability, ``float64 [n, K]``.

    Sets of the least ambiguous classifier (Sadinle et al. 2019) are the smallest on average; one may be empty, where
    no label is as likely as true labels are.
    """
    return np.asarray(1.0 - checked_probabilities(probabilities))


def aps_scores(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Return the score of every label: the mass of likelier labels and a random part of its own, ``float64 [n, K]``.

    Adaptive prediction sets (Romano et al. 2020). The random number that makes coverage exact is drawn from a hash of
    the record's probabilities, so that the same question gives the same set.
    """
    array = checked_probabilities(probabilities)
    order = np.argsort(-array, axis=1, kind="stable")
    ranked = np.take_along_axis(array, order, axis=1)
    above = np.cumsum(ranked, axis=1) - ranked
    scores = np.empty_like(array)
    np.put_along_axis(scores, order, above + _uniforms(array)[:, None] * ranked, axis=1)
    return scores


def checked_probabilities(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Return probabilities as ``float64 [n, K]``; ConfigurationError where the rows do not add up to one."""
    try:
        array = np.atleast_2d(np.asarray(probabilities, dtype=np.float64))
    except (TypeError, ValueError, OverflowError):
        raise ConfigurationError("probabilities are rows of numbers, of equally many labels each") from None
    if array.ndim != 2 or not (array >= -_ROUNDING).all() or not np.allclose(array.sum(axis=1), 1.0, atol=1e-6):
        raise ConfigurationError("probabilities are rows of numbers from 0 to 1 that add up to 1, one row a record")
    return array


def _uniforms(array: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a number from 0 to 1 for each row, a function of the row alone."""
    digests = [blake2b(row.tobytes(), digest_size=8).digest() for row in np.ascontiguousarray(array)]
    whole = np.array([int.from_bytes(digest, "little") for digest in digests], dtype=np.float64)
    return np.asarray(whole / 2.0**64)
