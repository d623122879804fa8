"""Mol-Instructions, protein-oriented: ROUGE as Hugging Face's ``evaluate`` computes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from biomatrix.metrics.rouge import bootstrap_median, rouge_scores
from biomatrix.metrics.scores import Scores
from biomatrix.tasks.benchmarks.examples import Example, Prediction


def rouge(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return ``rouge_1``, ``rouge_2`` and ``rouge_l``, and as ``NAME_bootstrap`` what the official aggregator reports.

    That is the median of the means of 1,000 resamples, which the official call leaves unseeded; here the seed is 0, or
    ``seed`` of the settings.
    """
    scores = rouge_scores([one.references[0] for one in examples], [one.stated for one in predictions])
    seed = int(settings.get("seed", 0))
    return {**scores, **{f"{name}_bootstrap": bootstrap_median(score, seed) for name, score in scores.items()}}
