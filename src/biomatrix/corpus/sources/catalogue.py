"""Every source that a recipe can name, with its terms, its size as published, and whether its files are here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from biomatrix.corpus.sources.base import SHIPPABLE_LICENCES
from biomatrix.corpus.sources.published.source_card import SourceCard, card, card_names
from biomatrix.corpus.sources.registry import SOURCES, known_sources
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError


@dataclass(frozen=True)
class Entry:
    """What is known of a source.

    Parameters
    ----------
    name : str
    made : str
        ``own`` for the data sets that nano is made of, ``published`` for those with a card, ``registered`` for others.
    title : str
    category, part : str
        Its row in the token table.
    licence : tuple of str
    shippable : bool
        Whether weights trained on it may be given to anyone.
    records, size : int
        Records and bytes, as published; 0 where not known.
    present : bool, optional
        Whether its files are in the data folder; None where none was named.
    """

    name: str
    made: str
    title: str
    category: str
    part: str
    licence: tuple[str, ...]
    shippable: bool
    records: int = 0
    size: int = 0
    present: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def entries(data: Path | None = None) -> Iterator[Entry]:
    """Yield an entry for every source: published ones first, then the package's own, then registered ones."""
    for name in card_names():
        yield entry_of(name, data)
    for name in known_sources():
        yield entry_of(name, data)


def entry_of(name: str, data: Path | None = None) -> Entry:
    """Return the entry of a source; ConfigurationError where there is none of that name."""
    known = known_sources()
    if name in known:
        return _entry_of_code(name, data)
    if name not in card_names():
        names = sorted([*known, *card_names()])
        raise ConfigurationError(f"no source {name!r}; {choices(name, names, 'biomatrix corpus sources')}")
    described = card(name)
    return Entry(
        name,
        "published",
        described.title,
        described.category,
        described.part,
        tuple(described.licence),
        set(described.licence) <= SHIPPABLE_LICENCES,
        described.records,
        described.size,
        None if data is None else _is_there(described, data),
    )


def _is_there(described: SourceCard, data: Path) -> bool:
    return all(any(path.is_file() for path in data.glob(pattern)) for pattern in described.files)


def _entry_of_code(name: str, data: Path | None) -> Entry:
    source = known_sources()[name](data or Path("."))
    terms = source.provenance
    return Entry(
        name,
        "own" if name in SOURCES else "registered",
        terms.origin,
        terms.category,
        terms.part,
        terms.licence,
        set(terms.licence) <= SHIPPABLE_LICENCES,
        size=sum(path.stat().st_size for path in source.paths if path.is_file()) if data else 0,
        present=None if data is None else all(path.is_file() for path in source.paths),
    )
