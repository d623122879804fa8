"""Judges of molecules drawn without a condition; the training set is the one that the examples name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from biomatrix.metrics.guacamol import drawn_in_turn, guacamol, guacamol_drawn
from biomatrix.metrics.moses import moses
from biomatrix.metrics.scores import Scores
from biomatrix.tasks.benchmarks.examples import Example, Prediction
from biomatrix.tasks.benchmarks.rows.molecule_lists import training_of


def moses_scores(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return validity, uniqueness, novelty and internal diversity as MOSES computes them."""
    return moses([each.stated for each in predictions], training_of(examples))


def guacamol_scores(
    predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]
) -> Scores:
    """Return validity, uniqueness and novelty of the list, and as GuacaMol computes them when it is drawn in turn."""
    smiles, train = [each.stated for each in predictions], training_of(examples)
    return {**guacamol(smiles, train), **guacamol_drawn(drawn_in_turn(smiles), train, len(smiles))}
