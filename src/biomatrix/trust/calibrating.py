"""From predictions of held-out records to a calibration."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Unpack

import numpy as np

from biomatrix.errors import ConfigurationError
from biomatrix.trust.calibration import SETS, Calibration, recalibrated
from biomatrix.trust.conformal import checked_probabilities, refuse_too_few, residual_scores
from biomatrix.trust.origin import Origin
from biomatrix.trust.recalibration import recalibrate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_SHOWN: Final = 40


def calibrate(
    predictions: ArrayLike,
    truths: ArrayLike,
    spreads: ArrayLike | None = None,
    *,
    coverage: float = 0.9,
    groups: Sequence[str] = (),
    samples: int = 0,
    **origin: Unpack[Origin],
) -> Calibration:
    """Calibrate predicted numbers on held-out records.

    Parameters
    ----------
    predictions, truths : array, shape=(n,)
        In one unit. Nothing was trained on these records.
    spreads : array, shape=(n,), optional
        The :func:`~biomatrix.trust.spread_of` the samples of each prediction; intervals are then wider where samples
        differ. Their median is added to each, so that samples which agree by chance make no interval without width.
    coverage : float
        The nominal coverage.
    groups : sequence of str, optional
        The group of each record, such as a target or a range of sizes.
    samples : int
        The samples of the model whose median each prediction is, where it is one.
    **origin
        What it is made for, in the words of :class:`~biomatrix.trust.origin.Origin`: ``task``, ``unit``, ``data``, and
        what :func:`biomatrix.generation.origins.origin_of` says of the model and the question.

    Raises
    ------
    ConfigurationError
        Too few records for the coverage (:func:`~biomatrix.trust.conformal.records_needed`), numbers that are not
        finite, or spreads that are negative or all 0.

    Examples
    --------
    >>> made = calibrate([1.0] * 19, [1.0 + step / 10 for step in range(19)], coverage=0.9)
    >>> str(made.interval(2.0))
    '90% interval 0.3 to 3.7 (calibrated on 19 records)'
    """
    guessed, true = _paired(predictions, truths)
    refuse_too_few(len(true), coverage)
    digest = _digest(guessed, true)
    if spreads is None:
        scores, floor, method = residual_scores(guessed, true), 0.0, "absolute"
    else:
        scale, floor, method = *_scale(spreads, len(true)), "normalised"
        scores = residual_scores(guessed, true, scale + floor)
    if not np.isfinite(scores).all():
        raise ConfigurationError(
            "prediction and truth are too far apart for a number", record=_first(~np.isfinite(scores))
        )
    made = Calibration(method, scores, coverage, tuple(groups), floor=floor, samples=samples, data_hash=digest)
    return replace(made, **origin)


def calibrate_labels(
    probabilities: ArrayLike,
    truths: Sequence[int],
    labels: Sequence[str],
    *,
    method: str = "lac",
    recalibration: str | None = None,
    coverage: float = 0.9,
    groups: Sequence[str] = (),
    **origin: Unpack[Origin],
) -> Calibration:
    """Calibrate the probabilities of labels on held-out records.

    Parameters
    ----------
    probabilities : array, shape=(n, K)
        Of every label.
    truths : sequence of int, length n
        The index of the true one.
    labels : sequence of str, length K
    method : {"lac", "aps"}
        The smallest sets, or sets that grow where the model is unsure and are never empty for want of a likely label.
    recalibration : {"temperature", "platt", "isotonic"}, optional
        Of two labels: a map fitted on the first half of the records, whose scores are then left out.
    coverage, groups, **origin
        As for :func:`calibrate`.

    Raises
    ------
    ConfigurationError
        Too few records for the coverage, those that a recalibration is fitted on aside; rows that are no
        probabilities, truths that are no whole numbers; or a method that there is not.
    """
    if method not in SETS:
        raise ConfigurationError(f"no method {method!r} for labels; known: {', '.join(SETS)}")
    stated, true = checked_probabilities(probabilities), _places(truths)
    if stated.shape != (len(true), len(labels)):
        raise ConfigurationError(f"probabilities of shape {stated.shape} for {len(true)} records, {len(labels)} labels")
    if ((true < 0) | (true >= len(labels))).any():
        raise ConfigurationError(f"a truth is the index of a label, 0 to {len(labels) - 1}, not {true.min()} or "
                                 f"{true.max()}")  # fmt: skip
    digest, named, fitted = _digest(stated, true), tuple(groups), None
    if recalibration is not None:
        if len(labels) != 2:
            raise ConfigurationError("probabilities are recalibrated for two labels only")
        half = len(true) // 2
        fitted = recalibrate(stated[:half, 1], true[:half] == 1, recalibration)
        stated, true, named = recalibrated(stated[half:], fitted), true[half:], named[half:]
    refuse_too_few(len(true), coverage)
    scores = SETS[method](stated)[np.arange(len(true)), true]
    made = Calibration(method, scores, coverage, named, tuple(labels), recalibration=fitted, data_hash=digest)
    return replace(made, **origin)


def _scale(spreads: ArrayLike, count: int) -> tuple[NDArray[np.float64], float]:
    """Return checked spreads, ``float64 [n]``, and the constant to add: their median, or their mean where that is 0."""
    scale = _numbers(spreads, "spread")
    if scale.shape != (count,) or not np.isfinite(scale).all() or (scale < 0).any():
        raise ConfigurationError(f"spreads are {count} finite numbers of at least 0, one for each record")
    floor = float(np.median(scale)) or float(scale.mean())
    if floor == 0:
        raise ConfigurationError("the samples of every record are all the same, so their spread scales nothing; leave "
                                 "out the spreads (method 'absolute'), or draw several samples a record")  # fmt: skip
    return scale, floor


def _paired(predictions: ArrayLike, truths: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    guessed, true = _numbers(predictions, "prediction"), _numbers(truths, "truth")
    if guessed.shape != true.shape or guessed.ndim != 1 or not len(true):
        raise ConfigurationError(f"{guessed.size} predictions and {true.size} truths; give one for each record")
    bad = ~(np.isfinite(guessed) & np.isfinite(true))
    if bad.any():
        raise ConfigurationError("a prediction or a truth is not finite; leave out the records without one",
                                 record=_first(bad))  # fmt: skip
    return guessed, true


def _places(truths: Sequence[int]) -> NDArray[np.int64]:
    """Return the index of each true label; ConfigurationError, with the record, where one is no whole number."""
    given = _numbers(truths, "truth")
    fractional = ~np.isfinite(given) | (given != np.floor(given))
    if fractional.any():
        record = _first(fractional)
        raise ConfigurationError(f"a truth is the index of a label, a whole number, not {given.flat[record - 1]:g}",
                                 record=record)  # fmt: skip
    # Bounded first: a float past 64 bits has no whole number there.
    return np.clip(given, -1, np.iinfo(np.int32).max).astype(np.int64)


def _numbers(values: ArrayLike, what: str) -> NDArray[np.float64]:
    """Return values as numbers; ConfigurationError, with the record, where one is none."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        pass
    try:
        listed = list(values)  # type: ignore[arg-type]
    except TypeError:
        raise ConfigurationError(f"{what}s are a list of numbers, not a {type(values).__name__}") from None
    for record, value in enumerate(listed, start=1):
        try:
            float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            raise ConfigurationError(f"a {what} is a number, not {repr(value)[:_SHOWN]}", record=record) from None
    raise ConfigurationError(f"{what}s are a list of numbers, one for each record")


def _first(bad: NDArray[np.bool_]) -> int:
    """Return the number, from 1, of the first record that is bad."""
    return int(np.flatnonzero(bad)[0]) + 1


def _digest(*arrays: NDArray[np.generic]) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()
