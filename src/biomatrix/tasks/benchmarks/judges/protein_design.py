"""Judges of designed sequences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from biomatrix.metrics.repetitiveness import repetitiveness
from biomatrix.metrics.scores import Scores
from biomatrix.tasks.benchmarks.examples import Example, Prediction
from biomatrix.tasks.benchmarks.scorers.learned_scorers import learned_scores
from biomatrix.tasks.benchmarks.scorers.protein_scorers import confidence, filled, perplexities

_CONFIDENCE: Final = ("plddt", "plddt_gt70", "pae", "pae_lt10")


def from_text(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return the metrics of text-based design that the settings name; what spells no protein counts as empty."""
    designed = _sequences(predictions)
    repeated = repetitiveness(designed)
    others = [name for name in settings["metrics"] if name not in (*repeated, *_CONFIDENCE, "ppl")]
    return {
        **repeated,
        **learned_scores(others, predictions, examples),
        **filled(learned_scores(["ppl"], predictions, examples), lambda: perplexities(designed)),
        **filled(learned_scores(_CONFIDENCE, predictions, examples), lambda: confidence(designed)),
    }


def sequences(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return the confidence of folds of generated sequences, and how much repeats in them."""
    generated = _sequences(predictions)
    folded = filled(learned_scores(["plddt"], predictions, examples), lambda: confidence(generated))
    return {**repetitiveness(generated), **folded}


def _sequences(predictions: Sequence[Prediction]) -> list[str]:
    return ["" if each.fault else each.text for each in predictions]
