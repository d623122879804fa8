"""The set metrics of MOSES."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.molecule_sets import molecule_set
from biomatrix.metrics.moses import moses
from biomatrix.metrics.parity.fixture_files import Fixture

REPOSITORY: Final = "molecularsets/moses"
METRIC: Final = "MOSES validity"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return what the functions of ``moses/metrics/metrics.py`` return."""
    inputs = fixture.inputs
    found = {
        name: score.value for name, score in moses(inputs["generated"], inputs["train"], inputs["test"], (50,)).items()
    }
    return {
        "valid": found["validity"],
        "unique_at_50": found["unique@50"],
        "unique_at_10000": found["unique"],
        "n_after_remove_invalid": len(molecule_set(inputs["generated"]).valid),
        "novelty": found["novelty"],
        "int_div_p1": found["intdiv1"],
        "int_div_p2": found["intdiv2"],
        "snn_to_test": found["snn"],
        "frag_to_test": found["frag"],
        "scaf_to_test": found["scaf"],
    }
