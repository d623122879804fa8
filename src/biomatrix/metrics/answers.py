"""How well answers to tasks agree with what was expected; an answer that states no value is None."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from biomatrix.errors import ConfigurationError
from biomatrix.metrics import affinity_regression
from biomatrix.metrics.nucleic import base_pairs, inverse_folding, labels


def mean_absolute_error(values: Sequence[object], expected: Sequence[object]) -> float:
    """Return the mean of ``|value - expected|`` over the answers that state a number, in their unit; NaN without one.

    Parameters
    ----------
    values : sequence of float or None
        What was answered.
    expected : sequence of float
        What is true, in the same order.
    """
    gaps = [abs(_real(value) - _real(true)) for value, true in _pairs(values, expected) if value is not None]
    return sum(gaps) / len(gaps) if gaps else float("nan")


def exact_match(values: Sequence[object], expected: Sequence[object]) -> float:
    """Return the share of answers whose words are those expected; case and white space do not count."""
    return _share([value is not None and _words(value) == _words(true) for value, true in _pairs(values, expected)])


def accuracy(values: Sequence[object], expected: Sequence[object]) -> float:
    """Return the share of answers that equal what is expected."""
    return _share([value is not None and value == true for value, true in _pairs(values, expected)])


def validity(values: Sequence[object], expected: Sequence[object] = ()) -> float:
    """Return the share of answers that state a value at all: an entity that decodes, a number."""
    return _share([value is not None for value in values])


def pearson(values: Sequence[object], expected: Sequence[object]) -> float:
    """Return Pearson's correlation over the answers that state a number; NaN where a side does not vary."""
    return affinity_regression.pearson(*_stated(values, expected))


def spearman(values: Sequence[object], expected: Sequence[object]) -> float:
    """Return the correlation of ranks over the answers that state a number; equal values share their mean rank."""
    found, true = _stated(values, expected)
    return affinity_regression.pearson(affinity_regression.mean_ranks(found), affinity_regression.mean_ranks(true))


def matthews_correlation(values: Sequence[object], expected: Sequence[object]) -> float:
    """Return Matthews' correlation over any number of classes; an answer that names none is always wrong."""
    pairs = _pairs(values, expected)
    return labels.matthews_correlation([value for value, _ in pairs], [true for _, true in pairs])


def structure_f1(values: Sequence[object], expected: Sequence[object]) -> float:
    """Return the mean F1 over base pairs of dot-bracket strings; one that is none, or of another length, counts 0."""
    found, true = _texts(values, expected)
    return base_pairs.fold_scores(found, true)["f1_corrected"].value


def recovery(values: Sequence[object], expected: Sequence[object]) -> float:
    """Return the mean share of native bases; T is U, and an answer of another length counts 0."""
    found, true = _texts(values, expected)
    return inverse_folding.recovery([one or "" for one in found], true)["recovery_corrected"].value


def _pairs(values: Sequence[object], expected: Sequence[object]) -> list[tuple[object, object]]:
    if len(values) != len(expected):
        raise ConfigurationError(f"{len(values)} answers and {len(expected)} expected values; give one for each")
    return list(zip(values, expected, strict=True))


def _share(right: Sequence[bool]) -> float:
    return sum(right) / len(right) if right else float("nan")


def _stated(values: Sequence[object], expected: Sequence[object]) -> tuple[affinity_regression.Array, ...]:
    """Return the answers that state a number and what was expected of them, ``float64 [n]`` each."""
    pairs = [(_real(value), _real(true)) for value, true in _pairs(values, expected) if value is not None]
    table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _texts(values: Sequence[object], expected: Sequence[object]) -> tuple[list[str | None], list[str]]:
    pairs = _pairs(values, expected)
    return [None if value is None else "".join(str(value).split()) for value, _ in pairs], [str(t) for _, t in pairs]


def _real(value: object) -> float:
    if not isinstance(value, int | float):
        raise ConfigurationError(f"this metric is of numbers, not of {value!r}")
    return float(value)


def _words(value: object) -> str:
    return " ".join(str(value).lower().split())
