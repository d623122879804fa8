"""The whole examination, part by part; a part that fails becomes a finding, not a crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from biomatrix.doctor.finding import Finding
from biomatrix.doctor.installation import examine_installation
from biomatrix.doctor.roundtrips import examine_round_trips
from biomatrix.doctor.vocabularies import examine_vocabulary
from biomatrix.doctor.weights import examine_weights
from biomatrix.errors import BioMatrixError


def examine(model: str = "nano", progress: Callable[[str], None] = lambda _: None) -> Iterator[Finding]:
    """Yield every finding.

    Parameters
    ----------
    model : str
        The model whose vocabulary is examined: a shipped name, a folder or a hub id.
    progress : callable
        Called with a description of each part.
    """
    parts: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("installation", examine_installation),
        ("weights", examine_weights),
        ("vocabulary", lambda: examine_vocabulary(model)),
        ("round trip", examine_round_trips),
    )
    for area, part in parts:
        progress(f"examining: {area}")
        try:
            yield from part()
        except BioMatrixError as error:
            yield Finding(area, "examination", "failed", str(error))
