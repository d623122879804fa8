"""Judges of questions with options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from biomatrix.metrics.multiple_choice import choice_scores
from biomatrix.metrics.scores import Scores
from biomatrix.tasks.benchmarks.examples import Example, Prediction

_NAME: Final = "accuracy"


def options(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return the share of questions answered with the letter of the right option."""
    right = [_number(example, example.references[0]) for example in examples]
    chosen = [_number(example, each.stated) for each, example in zip(predictions, examples, strict=True)]
    empty = sum(not prediction.stated for prediction in predictions)
    scores = choice_scores([-1 if one is None else one for one in right], chosen, [_NAME] * len(examples), empty=empty)
    return {_NAME: scores[_NAME]} if examples else {}


def _number(example: Example, letter: str) -> int | None:
    letters = list(example.facts["options"])
    return letters.index(letter) if letter in letters else None
