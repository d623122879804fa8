"""Repetitiveness of PDFBench."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.parity.fixture_files import Fixture
from biomatrix.metrics.repetitiveness import repetitiveness

REPOSITORY: Final = "PDFBench/PDFBench"
METRIC: Final = "Repeat and Rep-N"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return the values of each sequence, and the mean in percent."""
    scores = repetitiveness(fixture.inputs["sequences"])
    return {
        "repeat": scores["rep"].items,
        "rep2": scores["rep2"].items,
        "rep5": scores["rep5"].items,
        "mean_repeat_percent": 100.0 * scores["rep"].value,
    }
