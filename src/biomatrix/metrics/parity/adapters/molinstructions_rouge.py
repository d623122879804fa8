"""Protein tasks of Mol-Instructions."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.parity.fixture_files import Fixture
from biomatrix.metrics.rouge import KINDS, bootstrap_median, rouge_scores
from biomatrix.metrics.scores import items_of

REPOSITORY: Final = "zjunlp/Mol-Instructions"
METRIC: Final = "Mol-Instructions protein tasks ROUGE"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return the plain means, the values of all answers, and the aggregator's medians for as many seeds as recorded."""
    scores = rouge_scores(fixture.inputs["references"], fixture.inputs["predictions"], tuple(KINDS))
    seeds = range(len(fixture.expected.get("official_bootstrap_mid_5_seeds", ())))
    return {
        "mean_f": {KINDS[kind]: score.value for kind, score in scores.items()},
        "per_item": {KINDS[kind]: items_of(score) for kind, score in scores.items()},
        "official_bootstrap_mid_5_seeds": [
            {KINDS[kind]: bootstrap_median(score, seed).value for kind, score in scores.items()} for seed in seeds
        ],
    }
