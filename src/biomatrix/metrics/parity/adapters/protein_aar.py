"""Amino-acid recovery of DPLM-2."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.parity.fixture_files import Fixture
from biomatrix.metrics.protein_design import recovery

REPOSITORY: Final = "bytedance/dplm"
METRIC: Final = "Amino-acid recovery"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return the recovery of each protein and both means, in percent as the fixture has them."""
    designed, native = zip(*fixture.inputs["pairs"], strict=True)
    scores = recovery(designed, native)
    return {
        "per_item": scores["aar"].items,
        "mean_over_proteins_percent": 100.0 * scores["aar"].value,
        "residue_weighted_percent": 100.0 * scores["aar_residues"].value,
    }
