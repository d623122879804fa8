"""Judges of affinities and of interactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from biomatrix.metrics.affinity_regression import affinity_regression
from biomatrix.metrics.ppi_accuracy import ppi_accuracy
from biomatrix.metrics.scores import Scores
from biomatrix.tasks.benchmarks.examples import Example, Prediction

_LABELS: Final = {"No": 0, "Yes": 1}


def affinity(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return errors and correlations of answers that are numbers; the others are left out, and counted."""
    stated = [float("nan") if each.fault else float(each.text) for each in predictions]
    return affinity_regression(stated, [float(each.references[0]) for each in examples], empty=_empty(predictions))


def classes(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return the accuracy of Yes and No; an answer that is neither is wrong."""
    stated = [_LABELS.get(each.stated) for each in predictions]
    return ppi_accuracy(stated, [_LABELS[each.references[0]] for each in examples], empty=_empty(predictions))


def _empty(predictions: Sequence[Prediction]) -> int:
    return sum(not each.text for each in predictions)
