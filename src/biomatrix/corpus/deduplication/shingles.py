"""What two records are compared by where they are not equal: runs of words of a text, of letters of an entity."""

from __future__ import annotations

from typing import Final

import numpy as np

from biomatrix.corpus.deduplication.signatures import require_datasketch
from biomatrix.corpus.filters.record_filter import prose
from biomatrix.corpus.records import INTERLEAVED, TEXT, Record
from biomatrix.corpus.selection_recipes import DeduplicationRecipe
from biomatrix.corpus.windows import Hashes, letter_windows, plain_words, word_windows
from biomatrix.entities.kind_registry import kind_names, kind_of
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError

WORDS: Final = 5
"""Words in a shingle of a text."""
LETTERS: Final = 5
"""Letters in a shingle of an entity, such as residues."""


def shingles(record: Record) -> Hashes | None:
    """Return the distinct shingles of a record, hashed; None of one that has none: an entity without letters, a pair.

    A text shorter than a shingle is one shingle.
    """
    if record.kind in (TEXT, INTERLEAVED):
        return text_shingles(prose(record))
    letters = None if record.entity is None else kind_of(record.entity).aligned_letters(record.entity)
    return None if not letters else np.unique(letter_windows(letters, min(LETTERS, len(letters))))


def text_shingles(text: str) -> Hashes | None:
    """Return the distinct shingles of a text; None of one without words."""
    words = plain_words(text)
    return np.unique(word_windows(words, min(WORDS, len(words)))) if words else None


def check_near(recipe: DeduplicationRecipe) -> None:
    """Raise ConfigurationError where near-duplicates are asked for of what has no shingles, or datasketch is absent."""
    known = [TEXT, INTERLEAVED, *kind_names()]
    for name in recipe.near:
        if name not in known:
            raise ConfigurationError(f"deduplication.near: no kind of record {name!r}; {choices(name, known)}")
    if recipe.near:
        require_datasketch()
