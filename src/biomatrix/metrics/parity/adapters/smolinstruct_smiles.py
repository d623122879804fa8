"""Molecules of SMolInstruct as SMILES: name conversion, text to molecule, reactions."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, Final

from biomatrix.metrics.parity.fixture_files import Equivalent, Fixture
from biomatrix.metrics.scores import items_of
from biomatrix.metrics.smolinstruct.canonical import canonical
from biomatrix.metrics.smolinstruct.smiles import canonical_answers, smiles_scores

REPOSITORY: Final = "OSU-NLP-Group/LLM4Chem"
METRIC: Final = "SMolInstruct SMILES metrics"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return what the official script prints; its ``num_t1_subset`` is the count of intersections, by a slip."""
    predictions = fixture.inputs["predictions"]
    scores = smiles_scores(fixture.inputs["references"], predictions)
    matches = items_of(scores["em"])
    intersections = int(items_of(scores["intersection"]).sum())
    raw = {
        "num_all": scores["em"].n,
        "num_t1_no_answer": scores["em"].empty,
        "num_t1_invalid": scores["em"].unparsable,
        "num_t1_exact_match": int(matches.sum()),
        "t1_maccs_fps": scores["maccs_fts"].value,
        "t1_rdk_fps": scores["rdk_fts"].value,
        "t1_morgan_fps": scores["fts"].value,
        "num_t1_subset": intersections,
        "num_t1_intersection": intersections,
    }
    recorded = [row.get("canonical_kekulized") for row in fixture.expected.get("per_item", ())]
    rows = zip_longest(canonical_answers(predictions), matches, recorded)
    return {
        "raw": raw,
        "em_percent": 100 * scores["em"].value,
        "fts_morgan_percent": 100 * scores["fts"].value,
        "validity_percent_over_answered": 100 * scores["validity_over_answered"].value,
        "validity_percent_over_all": 100 * scores["validity"].value,
        "per_item": [
            {"canonical_kekulized": _spelt(one, other), "exact_match": bool(match)} for one, match, other in rows
        ],
    }


def _spelt(ours: str | None, recorded: str | None) -> str | Equivalent | None:
    """Return our canonical form, marked where the recorded one differs as a string but has the same canonical form."""
    if ours is None or recorded is None or ours == recorded or canonical(recorded) != ours:
        return ours
    return Equivalent(ours, "the same molecule: RDKit orders Kekulé forms otherwise since 2023.9")
