"""TM-score and RMSD of DPLM-2, the third of the chain that its evaluator reads included."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.parity.fixture_files import Fixture
from biomatrix.metrics.protein_design import folding

REPOSITORY: Final = "bytedance/dplm"
METRIC: Final = "Backbone TM-score"
_NAMES: Final = {
    "tm_official_call": "tm_score_third",
    "tm_ca_only": "tm_score",
    "bb_rmsd": "rmsd",
    "ca_rmsd": "ca_rmsd",
}


def values(fixture: Fixture) -> dict[str, Any]:
    """Return the numbers of each case and their means, by the fixture's names."""
    cases = fixture.inputs["cases"]
    scores = folding([case["pred_n_ca_c"] for case in cases], [case["ref_n_ca_c"] for case in cases])
    columns = {name: scores[ours] for name, ours in _NAMES.items()}
    per_case = [
        {name: score.items[i] for name, score in columns.items() if score.items is not None} for i in range(len(cases))
    ]
    return {"per_case": per_case, "mean": {name: score.value for name, score in columns.items()}}
