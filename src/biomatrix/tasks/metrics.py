"""The metrics that judge answers to tasks, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from biomatrix.errors import ConfigurationError
from biomatrix.metrics.answers import (
    accuracy,
    exact_match,
    matthews_correlation,
    mean_absolute_error,
    pearson,
    recovery,
    spearman,
    structure_f1,
    validity,
)


@dataclass(frozen=True)
class Metric:
    """One number that judges answers.

    Parameters
    ----------
    name : str
        A key of `METRICS`.
    higher_is_better : bool
        Whether a larger number is a better one.
    score : callable
        Takes the values of the answers, None for an answer without one, and the expected values; returns the number.
    parsers : frozenset of str
        The parsers whose values it judges; empty for all.
    """

    name: str
    higher_is_better: bool
    score: Callable[[Sequence[object], Sequence[object]], float]
    parsers: frozenset[str] = frozenset()


METRICS: Final[Mapping[str, Metric]] = {
    one.name: one
    for one in (
        Metric("mean_absolute_error", False, mean_absolute_error, frozenset({"number"})),
        Metric("exact_match", True, exact_match, frozenset({"text"})),
        Metric("accuracy", True, accuracy, frozenset({"choice", "yes_no"})),
        Metric("validity", True, validity),
        Metric("pearson", True, pearson, frozenset({"number"})),
        Metric("spearman", True, spearman, frozenset({"number"})),
        Metric("matthews_correlation", True, matthews_correlation, frozenset({"choice", "yes_no"})),
        Metric("base_pair_f1", True, structure_f1, frozenset({"text"})),
        Metric("sequence_recovery", True, recovery, frozenset({"text"})),
    )
}


def metric(name: str) -> Metric:
    """Return the metric of that name; ConfigurationError where there is none."""
    if name not in METRICS:
        raise ConfigurationError(f"no metric {name!r}; known: {', '.join(METRICS)}")
    return METRICS[name]
