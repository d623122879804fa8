"""Judges of SMolInstruct's tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from biomatrix.metrics.molt5 import molecule_scores
from biomatrix.metrics.scores import Scores
from biomatrix.metrics.smolinstruct.booleans import boolean_scores
from biomatrix.metrics.smolinstruct.formula import formula_scores
from biomatrix.metrics.smolinstruct.names import name_scores
from biomatrix.metrics.smolinstruct.numbers import number_scores
from biomatrix.metrics.smolinstruct.smiles import smiles_scores
from biomatrix.tasks.benchmarks.examples import Example, Prediction


def molecules(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return exact match, similarity and validity of molecules."""
    return smiles_scores(_all_golds(examples), _stated(predictions))


def described_molecules(
    predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]
) -> Scores:
    """Return the values of :func:`molecules`, and those of MolT5 as ``molt5_NAME``."""
    molt5 = molecule_scores(_golds(examples), _stated(predictions))
    return {
        **molecules(predictions, examples, settings),
        **{f"molt5_{name}": score for name, score in molt5.items()},
    }


def formulas(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return how many formulas have the elements and charge of a gold one."""
    return formula_scores(_all_golds(examples), _stated(predictions))


def names(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return how many names have the parts of a gold one."""
    return name_scores(_all_golds(examples), _stated(predictions))


def numbers(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return the root mean square error of numbers."""
    return number_scores(_golds(examples), _stated(predictions))


def yes_or_no(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return the accuracy of yes and no, with what tells more where one of them is rare."""
    return boolean_scores(_golds(examples), _stated(predictions))


def _golds(examples: Sequence[Example]) -> list[str]:
    return [example.references[0] for example in examples]


def _all_golds(examples: Sequence[Example]) -> list[tuple[str, ...]]:
    return [example.references for example in examples]


def _stated(predictions: Sequence[Prediction]) -> list[str]:
    return [prediction.stated for prediction in predictions]
