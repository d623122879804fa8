"""Molecules from text, MolT5's way."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.molt5 import molecule_scores
from biomatrix.metrics.parity.fixture_files import Fixture

REPOSITORY: Final = "blender-nlp/MolT5"
METRIC: Final = "Text-to-molecule metrics"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return what the two official scripts print."""
    scores = molecule_scores(fixture.inputs["references"], fixture.inputs["predictions"])
    validity = scores["validity"].value
    return {
        "bleu_char": scores["bleu"].value,
        "exact_match": scores["em"].value,
        "levenshtein": scores["levenshtein"].value,
        "validity_translation_script": validity,
        "validity_fingerprint_script": validity,
        "maccs_fts": scores["maccs_fts"].value,
        "rdk_fts": scores["rdk_fts"].value,
        "morgan_fts": scores["fts"].value,
    }
