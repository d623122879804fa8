"""From the ids of one sample, one at a time, to the events of a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from biomatrix.generation.events import Event, SegmentClosed, SegmentOpened, SegmentToken, TextPiece
from biomatrix.vocabulary.segments import Segment
from biomatrix.vocabulary.vocabulary import Vocabulary

_INCOMPLETE: Final = "\ufffd"
"""How the bytes of an unfinished character are spelled."""


class EventReader:
    """Turns the ids of one sample into events.

    Parameters
    ----------
    vocabulary : Vocabulary
        What the ids mean.
    finish : callable
        Applied to each decoded segment.
    sample : int
        The sample's number, for its events.
    """

    def __init__(self, vocabulary: Vocabulary, finish: Callable[[Segment], Segment], sample: int) -> None:
        self._vocabulary = vocabulary
        self._finish = finish
        self._sample = sample
        self._opens = {vocabulary.start_id(name): name for name in vocabulary.modalities}
        self._plain = frozenset(vocabulary.plain_ids.tolist())
        self._text = _TextReader(vocabulary)
        self._segment: list[int] = []
        self._end: int | None = None
        self.ids: list[int] = []
        """Everything read so far."""

    def read(self, id_: int) -> Iterator[Event]:
        """Yield the events of the next id."""
        self.ids.append(id_)
        if self._end is not None:
            yield from self._inside(id_)
        elif id_ in self._opens:
            yield from self.flush()
            name = self._opens[id_]
            self._segment, self._end = [id_], self._vocabulary.end_id(name)
            yield SegmentOpened(name, self._sample)
        elif id_ in self._plain:
            yield from self._piece(self._text.read(id_))

    def flush(self) -> Iterator[Event]:
        """Yield the text that was held back, once the text has ended."""
        yield from self._piece(self._text.rest())

    def _inside(self, id_: int) -> Iterator[Event]:
        self._segment.append(id_)
        tokens = [self._text.read(id_)] if id_ in self._plain else [self._text.rest()]
        if id_ not in self._plain and id_ != self._end:
            tokens.append(self._vocabulary.text([id_]))
        yield from (SegmentToken(token, self._sample) for token in tokens if token)
        if id_ != self._end:
            return
        offset = len(self.ids) - len(self._segment)
        for segment in self._vocabulary.segments(self._segment, skip_special=True):
            moved = replace(segment, start=segment.start + offset, stop=segment.stop + offset)
            yield SegmentClosed(self._finish(moved), self._sample)
        self._segment, self._end = [], None

    def _piece(self, text: str) -> Iterator[Event]:
        if text:
            yield TextPiece(text, self._sample)


class _TextReader:
    """Spells base pieces one at a time, holding back a character until all its bytes are there.

    A piece is spelled together with those before it, since some tokenizers only then write the space in front of it.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._before: list[int] = []
        self._held: list[int] = []

    def read(self, id_: int) -> str:
        self._held.append(id_)
        new = self._new()
        if new.endswith(_INCOMPLETE) or not new:
            return ""
        self._before, self._held = self._held, []
        return new

    def rest(self) -> str:
        new = self._new() if self._held else ""
        self._before, self._held = [], []
        return new

    def _new(self) -> str:
        prefix = self._vocabulary.text(self._before)
        return self._vocabulary.text([*self._before, *self._held])[len(prefix) :]
