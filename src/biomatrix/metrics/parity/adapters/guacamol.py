"""The distribution learning of GuacaMol, drawn and as a fixed list."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.guacamol import drawn_in_turn, guacamol, guacamol_drawn
from biomatrix.metrics.parity.fixture_files import Fixture

REPOSITORY: Final = "BenevolentAI/guacamol"
METRIC: Final = "GuacaMol validity"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return what the benchmarks return for a generator that serves the list, and the counts of the list itself."""
    generated, train = fixture.inputs["generated"], fixture.inputs["train"]
    drawn = guacamol_drawn(drawn_in_turn(generated), train, fixture.inputs["number_samples"])
    fixed = guacamol(generated, train)
    counts = {
        "n": fixed["validity"].denominator,
        "n_valid": fixed["unique"].denominator,
        "n_unique_canonical_no_stereo": fixed["novelty"].denominator,
        "n_novel": round(fixed["novelty"].value * fixed["novelty"].denominator),
    }
    return {
        "validity": drawn["validity_drawn"].value,
        "uniqueness": drawn["unique_drawn"].value,
        "novelty": drawn["novelty_drawn"].value,
        "derived_fixed_set": counts,
    }
