"""The eight tasks of MolOpt-Instructions under both criteria."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.drugassist.outcomes import TASKS, LookUp, Outcome
from biomatrix.metrics.drugassist.scores import CRITERIA, optimisation_outcomes, optimisation_scores
from biomatrix.metrics.parity.fixture_files import Fixture

REPOSITORY: Final = "blazerye/DrugAssist"
METRIC: Final = "DrugAssist success and validity"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return the outcomes, their counts and the two rates for each task and criterion."""
    pairs, table = fixture.inputs["pairs"], fixture.inputs["learned_property_values"]
    sources, answers = [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    def look_up(smiles: str, name: str) -> float | None:
        value = table.get(smiles, {}).get(name)
        return None if value is None else float(value)

    return {
        f"{task}|{criterion}": _rates(task, criterion, sources, answers, look_up)
        for task in TASKS
        for criterion in CRITERIA
    }


def _rates(task: str, criterion: str, sources: list[str], answers: list[str], look_up: LookUp) -> dict[str, Any]:
    outcomes = optimisation_outcomes(task, sources, answers, strict=CRITERIA[criterion], look_up=look_up)
    scores = optimisation_scores(task, sources, answers, look_up)
    return {
        "answers": [int(one) for one in outcomes],
        "correct": outcomes.count(Outcome.SUCCESS),
        "valid": outcomes.count(Outcome.SUCCESS) + outcomes.count(Outcome.FAILURE),
        "n": len(outcomes),
        "n_failed_property": outcomes.count(Outcome.UNKNOWN),
        "correct_rate": scores[f"correct_{criterion}"].value,
        "validity_rate": scores[f"validity_{criterion}"].value,
    }
