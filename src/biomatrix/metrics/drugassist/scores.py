"""Success and validity of optimised molecules, loosely and strictly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.drugassist.outcomes import LookUp, Outcome, outcome
from biomatrix.metrics.scores import Score, mean_score

CRITERIA: Final[Mapping[str, bool]] = {"loose": False, "strict": True}


def unknown_properties(smiles: str, name: str) -> None:
    """Look up nothing: for tasks whose properties are all computed."""


def optimisation_outcomes(
    task: str,
    sources: Sequence[str],
    predictions: Sequence[str | None],
    *,
    strict: bool,
    look_up: LookUp = unknown_properties,
) -> list[Outcome]:
    """Return what becomes of each answer; parameters and errors as of :func:`optimisation_scores`."""
    checked_pairs(sources, predictions)
    return [
        outcome(task, source, answer or "", strict=strict, look_up=look_up)
        for source, answer in zip(sources, predictions, strict=True)
    ]


def optimisation_scores(
    task: str, sources: Sequence[str], predictions: Sequence[str | None], look_up: LookUp = unknown_properties
) -> dict[str, Score]:
    """Return success and validity over the answers whose properties are known.

    Parameters
    ----------
    task : str
        A key of :data:`~biomatrix.metrics.drugassist.outcomes.TASKS`.
    sources : sequence of str
        The molecules that were to be improved.
    predictions : sequence of str or None
        SMILES, as :func:`~biomatrix.metrics.drugassist.answers.read_answer` takes them from words.
    look_up : callable
        Knows solubility, penetration and hERG inhibition; officially a closed service, so that values by other
        predictors do not compare.

    Returns
    -------
    dict of str to Score
        ``correct_loose``, ``validity_loose``, ``correct_strict``, ``validity_strict``; under ``..._corrected`` an
        empty answer is invalid.

    Raises
    ------
    ValueError
        The numbers differ, there is no such task, or a source does not parse.
    """
    scores: dict[str, Score] = {}
    empty = [not answer for answer in predictions]
    for criterion, strict in CRITERIA.items():
        found = optimisation_outcomes(task, sources, predictions, strict=strict, look_up=look_up)
        corrected = [Outcome.INVALID if blank else one for blank, one in zip(empty, found, strict=True)]
        for ending, outcomes in (("", found), ("_corrected", corrected)):
            scores[f"correct_{criterion}{ending}"] = _share(outcomes, {Outcome.SUCCESS}, empty)
            scores[f"validity_{criterion}{ending}"] = _share(outcomes, {Outcome.SUCCESS, Outcome.FAILURE}, empty)
    return scores


def _share(outcomes: Sequence[Outcome], counted: set[Outcome], empty: Sequence[bool]) -> Score:
    items = [math.nan if one == Outcome.UNKNOWN else float(one in counted) for one in outcomes]
    invalid = sum(one == Outcome.INVALID and not blank for one, blank in zip(outcomes, empty, strict=True))
    return mean_score(items, empty=sum(empty), unparsable=invalid)
