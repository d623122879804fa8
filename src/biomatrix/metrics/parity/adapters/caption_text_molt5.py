"""Captions, MolT5's way."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.captions import molt5_caption_scores
from biomatrix.metrics.parity.adapters.caption_text import wordnet_or_reason
from biomatrix.metrics.parity.fixture_files import Fixture
from biomatrix.metrics.parity.recorded_tokens import tokenizer_for

REPOSITORY: Final = "blender-nlp/MolT5"
METRIC: Final = "Caption metrics, MolT5"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return what the official script prints."""
    wordnet, absent = wordnet_or_reason()
    scores = molt5_caption_scores(
        fixture.inputs["references"], fixture.inputs["predictions"], tokenizer_for(fixture), wordnet
    )
    found: dict[str, Any] = {name: score.value for name, score in scores.items()}
    return found if wordnet is not None else {**found, "meteor": absent}
