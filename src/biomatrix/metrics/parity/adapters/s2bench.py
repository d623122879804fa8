"""The nine sub-tasks of S2-Bench."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.parity.fixture_files import Fixture
from biomatrix.metrics.s2_bench.scores import KnownMolecules, subtask_scores
from biomatrix.metrics.s2_bench.success import CUSTOMISED, SUCCESS

REPOSITORY: Final = "phenixace/TOMG-Bench"
METRIC: Final = "S2-Bench"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return what the official script prints for each sub-task, and the product of its two factors."""
    known = KnownMolecules(fixture.inputs["novelty_reference_smiles"])
    found = {}
    for subtask in SUCCESS:
        if subtask not in fixture.inputs:
            continue
        data = fixture.inputs[subtask]
        scores = subtask_scores(subtask, data["rows"], data["outputs"], known)
        quality = "novelty" if subtask in CUSTOMISED else "similarity"
        found[subtask] = {
            "sr": scores["sr"].value,
            "validity": scores["validity"].value,
            "mean_quality_over_valid": scores[quality].value,
            "quality": quality,
            "wsr": scores["wsr"].value,
        }
    return found
