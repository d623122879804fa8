"""Molecular formulas of SMolInstruct."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.parity.fixture_files import Fixture
from biomatrix.metrics.scores import items_of
from biomatrix.metrics.smolinstruct.formula import formula_scores

REPOSITORY: Final = "OSU-NLP-Group/LLM4Chem"
METRIC: Final = "molecular-formula match"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return what the official script prints."""
    scores = formula_scores(fixture.inputs["references"], fixture.inputs["predictions"])
    matched = items_of(scores["em"]).astype(bool)
    raw = {
        "num_all": scores["em"].n,
        "num_t1_no_answer": scores["em"].empty,
        "num_t1_ele_match": int(matched.sum()),
        "num_t1_formula_invalid": scores["em"].unparsable,
        "num_t1_exact_match": int(items_of(scores["exact_string"]).sum()),
    }
    return {
        "raw": raw,
        "em_percent_element_match": 100 * scores["em"].value,
        "per_item_element_match": matched.tolist(),
    }
