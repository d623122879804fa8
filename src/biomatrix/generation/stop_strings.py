"""The strings at which an answer ends, found in text that comes in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from biomatrix.generation.events import text_of

if TYPE_CHECKING:
    from biomatrix.generation.events import Event
    from biomatrix.vocabulary.vocabulary import Vocabulary


class StopFilter:
    """Lets text through up to the first stop string, which may be cut over several pieces.

    Parameters
    ----------
    stops : sequence of str
        None of them empty.

    Examples
    --------
    >>> filter = StopFilter(["END"])
    >>> filter.read("one E"), filter.read("ND two"), filter.found
    ('one ', '', True)
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""
        self.found = False
        """Whether a stop string has come; nothing passes any more."""

    def read(self, piece: str) -> str:
        """Return the text that may be shown now."""
        if self.found:
            return ""
        text = self._held + piece
        places = [place for place in map(text.find, self._stops) if place >= 0]
        if places:
            self.found, self._held = True, ""
            return text[: min(places)]
        kept = max((self._overlap(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - kept :]
        return text[: len(text) - kept]

    def rest(self) -> str:
        """Return what was held back, once no more comes."""
        held, self._held = self._held, ""
        return held

    @staticmethod
    def _overlap(text: str, stop: str) -> int:
        """Return how many letters at the end of a text begin a stop string."""
        longest = min(len(text), len(stop) - 1)
        return next((count for count in range(longest, 0, -1) if text.endswith(stop[:count])), 0)


class StopWatch:
    """Says whether an answer, whose events come in, has come to a string at which it ends.

    Parameters
    ----------
    vocabulary : Vocabulary
    stops : sequence of str
        None of them empty; none at all never end an answer.
    """

    def __init__(self, vocabulary: Vocabulary, stops: Sequence[str]) -> None:
        self._vocabulary = vocabulary
        self._filter = StopFilter(stops) if stops else None

    def has_come(self, events: Iterable[Event]) -> bool:
        """Read the events of the next token; return whether the text holds a stop string now."""
        if self._filter is None:
            return False
        for event in events:
            self._filter.read(text_of(event, self._vocabulary))
        return self._filter.found
