"""From predictions of held-out records to a calibration."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np

from biomatrix.errors import ConfigurationError
from biomatrix.trust.calibration import SETS, Calibration, recalibrated
from biomatrix.trust.conformal import checked_probabilities, residual_scores
from biomatrix.trust.recalibration import recalibrate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Origin(TypedDict, total=False):
    """What a calibration was made of, for its file."""

    task: str
    model: str
    unit: str
    data: str


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
        ``task``, ``model``, ``unit`` and ``data``, for the file.

    Examples
    --------
    >>> made = calibrate([1.0] * 19, [1.0 + step / 10 for step in range(19)], coverage=0.9)
    >>> str(made.interval(2.0))
    '90% interval 0.3 to 3.7 (calibrated on 19 records)'
    """
    guessed, true = _paired(predictions, truths)
    digest = _digest(guessed, true)
    if spreads is None:
        scores, floor, method = residual_scores(guessed, true), 0.0, "absolute"
    else:
        scale = np.asarray(spreads, dtype=np.float64)
        floor, method = float(np.median(scale)) or 1.0, "normalised"
        scores = residual_scores(guessed, true, scale + floor)
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
    """
    if method not in SETS:
        raise ConfigurationError(f"no method {method!r} for labels; known: {', '.join(SETS)}")
    stated, true = checked_probabilities(probabilities), np.asarray(truths, dtype=np.int64)
    if stated.shape != (len(true), len(labels)):
        raise ConfigurationError(f"probabilities of shape {stated.shape} for {len(true)} records, {len(labels)} labels")
    digest, named, fitted = _digest(stated, true), tuple(groups), None
    if recalibration is not None:
        if len(labels) != 2:
            raise ConfigurationError("probabilities are recalibrated for two labels only")
        half = len(true) // 2
        fitted = recalibrate(stated[:half, 1], true[:half] == 1, recalibration)
        stated, true, named = recalibrated(stated[half:], fitted), true[half:], named[half:]
    scores = SETS[method](stated)[np.arange(len(true)), true]
    made = Calibration(method, scores, coverage, named, tuple(labels), recalibration=fitted, data_hash=digest)
    return replace(made, **origin)


def _paired(predictions: ArrayLike, truths: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    guessed, true = np.asarray(predictions, dtype=np.float64), np.asarray(truths, dtype=np.float64)
    if guessed.shape != true.shape or guessed.ndim != 1 or not len(true):
        raise ConfigurationError(f"{guessed.size} predictions and {true.size} truths; give one for each record")
    if not (np.isfinite(guessed).all() and np.isfinite(true).all()):
        raise ConfigurationError("a prediction or a truth is not finite; leave out the records without one")
    return guessed, true


def _digest(*arrays: NDArray[np.generic]) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()
