"""What all published sources share: their files are found by the patterns of a card, their terms come from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from biomatrix.corpus.slices import fingerprint
from biomatrix.corpus.sources.base import Provenance, Source
from biomatrix.corpus.sources.published.source_card import SourceCard
from biomatrix.corpus.sources.source_files import matching_files
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.settings import Section, checked

SPLIT = "all but what is held out and what test sets hold"


class PublishedSource(Source):
    """A source that a card describes; a subclass reads its files.

    Parameters
    ----------
    card : SourceCard
        Names, terms and patterns.
    root : Path
        The data folder.
    patterns : sequence of str, optional
        Patterns of the files to read in place of the card's.
    settings : mapping, optional
        Settings of the reader, of the form that ``settings_form`` names.

    Raises
    ------
    ConfigurationError
        If no file matches a pattern, or a setting is unknown or out of range.
    """

    settings_form: ClassVar[type[Section]] = Section

    def __init__(
        self, card: SourceCard, root: Path, patterns: Sequence[str] = (), settings: Mapping[str, Any] | None = None
    ) -> None:
        found = matching_files(card.name, patterns or card.files, root)
        terms = Provenance(tuple(card.licence), card.origin, found, SPLIT, card.category, card.part)
        super().__init__(card.name, terms, root)
        self.card = card
        self.settings = checked(settings or {}, self.settings_form, f"source {card.name}", inside=("settings",))

    @cached_property
    def fingerprint(self) -> str:
        """As of every source; over the settings and the files that are looked up, too."""
        looked_up = [(path.name, file_sha256(path)) for path in self.side_paths]
        return fingerprint(super().fingerprint, self.settings.model_dump(), looked_up)

    @cached_property
    def side_paths(self) -> list[Path]:
        """The files that are looked up while others are read, those of them that are there."""
        found = {path for pattern in self.card.side_files for path in self.root.glob(pattern) if path.is_file()}
        return sorted(found)

    def side_path(self, beginning: str) -> Path | None:
        """Return the first of the side files whose name begins so, None where there is none."""
        return next((path for path in self.side_paths if path.name.startswith(beginning)), None)
