"""The Frechet ChemNet distance."""

from __future__ import annotations

from typing import Any, Final

from biomatrix.metrics.fcd import fcd
from biomatrix.metrics.parity.fixture_files import Fixture

REPOSITORY: Final = "molecularsets/moses"
METRIC: Final = "Frechet ChemNet Distance"


def values(fixture: Fixture) -> dict[str, Any]:
    """Return the distance of the generated molecules, and of the reference to itself."""
    generated, reference = fixture.inputs["generated"], fixture.inputs["reference"]
    return {
        "fcd": fcd(generated, reference)["fcd"].value,
        "fcd_reference_against_itself": fcd(reference, reference)["fcd"].value,
    }
