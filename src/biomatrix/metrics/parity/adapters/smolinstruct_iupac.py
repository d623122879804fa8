"""IUPAC names of SMolInstruct."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.parity.fixture_files import Fixture
from biomatrix.metrics.scores import items_of
from biomatrix.metrics.smolinstruct.names import name_scores

REPOSITORY: Final = "OSU-NLP-Group/LLM4Chem"
METRIC: Final = "IUPAC-name match"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return what the official script prints."""
    scores = name_scores(fixture.inputs["references"], fixture.inputs["predictions"])
    matched = items_of(scores["em"]).astype(bool)
    raw = {
        "num_all": scores["em"].n,
        "num_t1_no_answer": scores["em"].empty,
        "num_t1_split_match": int(matched.sum()),
        "num_t1_exact_match": int(items_of(scores["exact_string"]).sum()),
    }
    return {
        "raw": raw,
        "em_percent_split_match": 100 * scores["em"].value,
        "per_item_split_match": matched.tolist(),
    }
