"""Accuracy on protein pairs."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.parity.fixture_files import Fixture
from biomatrix.metrics.ppi_accuracy import ppi_accuracy

REPOSITORY: Final = "DeepGraphLearning/torchdrug"
METRIC: Final = "Binary PPI accuracy"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return accuracy and Matthews' correlation."""
    scores = ppi_accuracy(fixture.inputs["predictions"], fixture.inputs["targets"])
    return {"accuracy": scores["accuracy"].value, "mcc": scores["mcc"].value}
