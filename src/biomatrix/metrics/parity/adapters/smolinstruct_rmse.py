"""Regression of SMolInstruct: ESOL, lipophilicity."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.parity.fixture_files import Fixture
from biomatrix.metrics.smolinstruct.numbers import number_scores

REPOSITORY: Final = "OSU-NLP-Group/LLM4Chem"
METRIC: Final = "SMolInstruct RMSE"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return what the official script prints."""
    score = number_scores(fixture.inputs["references"], fixture.inputs["predictions"])["rmse"]
    counts = {"num_all": score.n, "num_no_answer": score.empty, "num_invalid": score.unparsable}
    return {"raw": {**counts, "RMSE": score.value}}
