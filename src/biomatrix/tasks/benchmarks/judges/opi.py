"""Open Protein Instructions: label sets, single labels, descriptions, as ``compute_scores`` of OPI counts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from biomatrix.metrics.opi import exact_label_scores, function_scores, label_scores
from biomatrix.metrics.scores import Scores
from biomatrix.tasks.benchmarks.examples import Example, Prediction


def labels(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return ``precision``, ``recall`` and ``f1`` of sets of labels, each the mean over answers."""
    return label_scores(_references(examples), _answers(predictions))


def accuracy(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return ``accuracy``: the share of answers that are the label, character by character."""
    return exact_label_scores(_references(examples), _answers(predictions))


def rouge_l(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return ``rouge_l`` of descriptions, over Porter stems."""
    return function_scores(_references(examples), _answers(predictions))


def _references(examples: Sequence[Example]) -> list[str]:
    return [example.references[0] for example in examples]


def _answers(predictions: Sequence[Prediction]) -> list[str]:
    """Return answers with labels parted as the official evaluation has them before it scores."""
    return [prediction.stated.replace(" ; ", "; ") for prediction in predictions]
