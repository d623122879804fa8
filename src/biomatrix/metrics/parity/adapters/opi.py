"""Protein tasks of OPI: every file by what its name says it holds, as the official script decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from biomatrix.metrics.opi import exact_label_scores, function_scores, holdout_scores, label_scores
from biomatrix.metrics.parity.fixture_files import Fixture
from biomatrix.metrics.scores import items_of

REPOSITORY: Final = "baaihealth/opi"
METRIC: Final = "OPI metrics"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return what the official script writes for each file, rounded as there, and the values of single answers."""
    files = {name: rows for name, rows in fixture.inputs.items() if isinstance(rows, list)}
    return {name: _file(name, rows, fixture.inputs) for name, rows in files.items()}


def _file(name: str, rows: Sequence[Mapping[str, str]], inputs: Mapping[str, Any]) -> dict[str, Any]:
    pair = [row["target"] for row in rows], [row["predict"] for row in rows]
    if "fold_type" in name:
        holdouts = {f"{one}_holdout": members for one, members in inputs[f"{name}_holdouts"].items()}
        found = holdout_scores(*pair, [row["input"] for row in rows], holdouts)
        return {holdout: _rounded(score.value) for holdout, score in found.items()}
    if "function" in name:
        score = function_scores(*pair)["rouge_l"]
        return {"official": {"ROUGE-L": _rounded(score.value)}, "per_item": items_of(score)}
    if "subcell_loc" in name:
        score = exact_label_scores(*pair)["accuracy"]
        return {"official": {"Accuracy": _rounded(score.value)}, "per_item": None}
    scores = label_scores(*pair)
    names = {"Precision": "precision", "Recall": "recall", "F1 Score": "f1"}
    return {
        "official": {official: _rounded(scores[ours].value) for official, ours in names.items()},
        "per_item": np.column_stack([items_of(scores[ours]) for ours in names.values()]).tolist(),
    }


def _rounded(value: float) -> float:
    return round(value, 4)
