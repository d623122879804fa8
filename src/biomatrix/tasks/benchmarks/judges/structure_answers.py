"""The judge of answers to questions about structures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from biomatrix.metrics.pfud import answer_scores
from biomatrix.metrics.scores import Scores
from biomatrix.tasks.benchmarks.examples import Example, Prediction


def descriptions(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return BLEU and ROUGE of free text."""
    return answer_scores([each.references[0] for each in examples], [each.text for each in predictions])
