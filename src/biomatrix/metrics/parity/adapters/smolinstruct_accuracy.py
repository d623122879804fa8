"""Yes and no of SMolInstruct: BBBP, ClinTox, HIV, SIDER."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.parity.fixture_files import Fixture
from biomatrix.metrics.scores import items_of
from biomatrix.metrics.smolinstruct.booleans import boolean_scores

REPOSITORY: Final = "OSU-NLP-Group/LLM4Chem"
METRIC: Final = "SMolInstruct accuracy"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return what the official script prints, and the two accuracies that may be made of it."""
    scores = boolean_scores(fixture.inputs["references"], fixture.inputs["predictions"])
    accuracy = scores["accuracy"]
    raw = {
        "num_all": accuracy.n,
        "num_no_answer": accuracy.empty,
        "num_invalid": accuracy.unparsable,
        "num_correct": int(items_of(accuracy).sum()),
        "roc_auc_score": scores["roc_auc"].value,
        "precision": scores["precision"].value,
        "recall": scores["recall"].value,
        "f1_score": scores["f1"].value,
        "mcc": scores["mcc"].value,
    }
    return {
        "raw": raw,
        "accuracy_percent_over_all": 100 * accuracy.value,
        "accuracy_percent_over_valid": 100 * scores["accuracy_over_valid"].value,
    }
