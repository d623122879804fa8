"""The data sets a corpus can be made of, each with its licence."""

from __future__ import annotations

from biomatrix.corpus.sources.base import SHIPPABLE_LICENCES, Provenance, Shard, Source
from biomatrix.corpus.sources.registry import (
    SOURCES,
    check_licences,
    known_sources,
    open_source,
    register_source,
    unregister_source,
)

__all__ = [
    "SHIPPABLE_LICENCES",
    "SOURCES",
    "Provenance",
    "Shard",
    "Source",
    "check_licences",
    "known_sources",
    "open_source",
    "register_source",
    "unregister_source",
]
