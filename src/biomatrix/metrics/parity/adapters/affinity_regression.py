"""Regression of affinities, by the names of the several codes that compute the same numbers."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.affinity_regression import affinity_regression
from biomatrix.metrics.parity.fixture_files import Fixture

REPOSITORY: Final = "DeepGraphLearning/torchdrug"
METRIC: Final = "Affinity regression"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return RMSE, MAE, Pearson and Spearman."""
    scores = affinity_regression(fixture.inputs["predictions"], fixture.inputs["targets"])
    found = {name: score.value for name, score in scores.items()}
    return {
        "rmse_torchdrug": found["rmse"],
        "mae": found["mae"],
        "pearson_torchdrug": found["pearson"],
        "spearman_torchdrug": found["spearman"],
        "rmse_targetdiff": found["rmse"],
        "mae_sklearn": found["mae"],
        "pearson_scipy": found["pearson"],
        "spearman_scipy": found["spearman"],
        "tankbind": {"pearson": found["pearson"], "rmse": found["rmse"]},
    }
