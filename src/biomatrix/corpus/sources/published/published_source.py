"""What all published sources share: their files are found by the patterns of a card, their terms come from it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from biomatrix.corpus.sources.base import Provenance, Source
from biomatrix.corpus.sources.published.source_card import SourceCard
from biomatrix.corpus.sources.source_files import matching_files

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

    Raises
    ------
    ConfigurationError
        If no file matches a pattern.
    """

    def __init__(self, card: SourceCard, root: Path, patterns: Sequence[str] = ()) -> None:
        found = matching_files(card.name, patterns or card.files, root)
        terms = Provenance(tuple(card.licence), card.origin, found, SPLIT, card.category, card.part)
        super().__init__(card.name, terms, root)
        self.card = card

    @cached_property
    def side_paths(self) -> list[Path]:
        """The files that are looked up while others are read, those of them that are there."""
        found = {path for pattern in self.card.side_files for path in self.root.glob(pattern) if path.is_file()}
        return sorted(found)
