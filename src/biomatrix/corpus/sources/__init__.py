"""The data sets a corpus can be made of, each with its licence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from biomatrix.corpus.sources.base import SHIPPABLE_LICENCES, Provenance, Source
from biomatrix.corpus.sources.chains import CHAIN_SOURCES
from biomatrix.corpus.sources.components import COMPONENT_SOURCES
from biomatrix.corpus.sources.conformers import CONFORMER_SOURCES
from biomatrix.corpus.sources.molecules import MOLECULE_SOURCES
from biomatrix.corpus.sources.proteins import PROTEIN_SOURCES
from biomatrix.corpus.sources.texts import TEXT_SOURCES
from biomatrix.errors import ConfigurationError

SOURCES: dict[str, Callable[[Path], Source]] = {
    **COMPONENT_SOURCES,
    **CONFORMER_SOURCES,
    **MOLECULE_SOURCES,
    **CHAIN_SOURCES,
    **PROTEIN_SOURCES,
    **TEXT_SOURCES,
}


def open_source(name: str, root: Path) -> Source:
    """Return a source over a data folder; refuses one whose licence does not allow shipping weights."""
    if name not in SOURCES:
        raise ConfigurationError(f"no source {name!r}; known: {', '.join(sorted(SOURCES))}")
    source = SOURCES[name](root)
    foreign = set(source.provenance.licence) - SHIPPABLE_LICENCES
    if foreign:
        raise ConfigurationError(f"source {name}: weights may not be shipped under {sorted(foreign)}")
    return source


__all__ = ["SHIPPABLE_LICENCES", "SOURCES", "Provenance", "Source", "open_source"]
