"""From ids back to typed segments: where each begins and ends, what it spells, or why it spells nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from biomatrix.entities.base_entity import Entity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.vocabulary.blocks import Block


@dataclass(frozen=True)
class Failure:
    """A stretch of ids that spells no entity.

    Parameters
    ----------
    text : str
        The stretch as the tokenizer writes it, control tokens included.
    reason : str
        What is wrong with it.
    position : int
        The index, in the ids given to decode, of the id at fault.
    """

    text: str
    reason: str
    position: int


Value: TypeAlias = str | Entity | Failure


@dataclass(frozen=True)
class Segment:
    """One part of a decoded sequence.

    Parameters
    ----------
    value : str, Entity or Failure
        The decoded content.
    modality : str or None
        The modality it is written in; None for text and for ids that belong to no segment.
    start, stop : int
        Where it stands in the ids, control pair included.
    tokens : tuple of str
        The tokens between the control pair, for a composite those of its parts with their control pairs; empty for
        text.
    parts : tuple of Segment
        The segments inside a composite, in order, their places counted in the whole sequence.
    """

    value: Value
    modality: str | None
    start: int
    stop: int
    tokens: tuple[str, ...] = ()
    parts: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class Span:
    """A stretch of ids before it is decoded.

    Parameters
    ----------
    modality : int or None
        The number of the modality, None outside segments.
    start, stop : int
        Where it stands, control pair included.
    fault : (str, int), optional
        The reason and the position where the form of the segment is broken.
    parts : tuple of Span
        The segments inside a composite, in order.
    """

    modality: int | None
    start: int
    stop: int
    fault: tuple[str, int] | None = None
    parts: tuple[Span, ...] = ()


@dataclass(frozen=True, eq=False)
class _Sequence:
    """Ids with each id's role, and the places where a segment cannot simply go on; computed once."""

    ids: NDArray[np.int64]
    roles: NDArray[np.int16]
    halts: NDArray[np.int64]

    def halt(self, position: int) -> int:
        """Return the place of the first control or special token at or after a position, else the sequence's length."""
        following = int(np.searchsorted(self.halts, position))
        return int(self.halts[following]) if following < len(self.halts) else len(self.ids)


TEXT, SPECIAL, NOTHING, OPENS = 0, 1, 2, 3
"""Roles of ids: a base piece, a special token of the base, no token; then three numbers per modality."""


def assign_roles(pieces: Collection[int], added: Collection[int], blocks: Sequence[Block]) -> NDArray[np.int16]:
    """Return the role of every id up to the largest: ``int16 [size]``.

    Parameters
    ----------
    pieces : collection of int
        The ids of the base model's pieces.
    added : collection of int
        The ids of all added tokens.
    blocks : sequence of Block
        The modalities' places, in the order their roles are numbered.
    """
    roles = np.full(1 + max(max(pieces, default=-1), max(added, default=-1)), NOTHING, dtype=np.int16)
    roles[np.fromiter(pieces, dtype=np.int64, count=len(pieces))] = TEXT
    roles[np.fromiter(added, dtype=np.int64, count=len(added))] = SPECIAL
    for number, block in enumerate(blocks):
        roles[block.ids] = OPENS + 3 * number + 2
        roles[block.start_id] = OPENS + 3 * number
        roles[block.end_id] = OPENS + 3 * number + 1
    return roles


class Splitter:
    """Finds segments in a sequence of ids.

    Parameters
    ----------
    roles : ndarray, shape=(size,), dtype=int16
        The role of every id: TEXT, SPECIAL or NOTHING, or for modality ``m`` OPENS + 3m for its start token,
        one more for its end token, two more for a token of its own.
    names : sequence of str
        The modalities' names.
    text_ids : sequence of ndarray or None
        For each modality, the base pieces that may stand among its own tokens; None where
        all are base pieces.
    parts : sequence of set of int
        For each modality, the numbers of those whose segments may stand inside its own: none but for composites.
    """

    def __init__(
        self,
        roles: NDArray[np.int16],
        names: Sequence[str],
        text_ids: Sequence[NDArray[np.int64] | None],
        parts: Sequence[Set[int]],
    ) -> None:
        self._roles = roles
        self._names = names
        self._text_ids = text_ids
        self._parts = parts

    def split(self, ids: NDArray[np.int64]) -> Iterator[Span]:
        """Yield the spans of a sequence in order; together they cover every id once."""
        roles = self.roles(ids)
        breaks = np.flatnonzero((roles != TEXT) & (roles != SPECIAL))
        sequence = _Sequence(ids, roles, np.flatnonzero((roles == SPECIAL) | _is_control(roles)))
        position = 0
        while position < len(ids):
            role = int(roles[position])
            if role in (TEXT, SPECIAL):
                following = int(np.searchsorted(breaks, position))
                stop = int(breaks[following]) if following < len(breaks) else len(ids)
                span = Span(None, position, stop)
            elif role >= OPENS and (role - OPENS) % 3 == 0:
                span = self._segment(sequence, position, (role - OPENS) // 3)
            else:
                span = self._stray(roles, position)
            yield span
            position = span.stop

    def roles(self, ids: NDArray[np.int64]) -> NDArray[np.int16]:
        """Return the role of each id, ``int16 [n]``; NOTHING outside the vocabulary."""
        inside = (ids >= 0) & (ids < len(self._roles))
        return np.where(inside, self._roles[np.where(inside, ids, 0)], NOTHING).astype(np.int16)

    def _segment(self, sequence: _Sequence, start: int, modality: int) -> Span:
        """Return the segment opened at ``start``: up to its end token, or to the place where it stops being valid.

        Up to the next control or special token every id should be one of its own; any other is a fault. At that token
        the segment ends, or one of its parts opens and is read in the same way, or the segment breaks off. No modality
        is a part of itself, so the depth is bounded whatever the ids are.
        """
        name, end = self._names[modality], OPENS + 3 * modality + 1
        parts: list[Span] = []
        fault: tuple[str, int] | None = None
        sound = None  # where it stopped being valid, if it is never closed
        position = start + 1
        while True:
            halt = sequence.halt(position)
            stranger = self._stranger(sequence, position, halt, modality)
            if stranger is not None:
                fault = fault or (f"id {int(sequence.ids[stranger])} does not belong inside {name}", stranger)
                sound = stranger if sound is None else sound
            role = int(sequence.roles[halt]) if halt < len(sequence.ids) else NOTHING
            if role == end:
                return Span(modality, start, halt + 1, fault, tuple(parts))
            inner = (role - OPENS) // 3
            if not self._parts[modality] or role < OPENS or (role - OPENS) % 3 or inner not in self._parts[modality]:
                break
            part = self._segment(sequence, halt, inner)
            parts.append(part)
            fault = fault or part.fault
            if sequence.roles[part.stop - 1] != OPENS + 3 * inner + 1:
                sound = part.stop if sound is None else sound
            position = part.stop
        stop = halt if sound is None else sound
        kept = tuple(part for part in parts if part.stop <= stop)
        broken = kept[-1].fault if kept and kept[-1].stop == stop else None
        return Span(modality, start, stop, broken or (f"the {name} segment is not closed", stop), kept)

    def _stranger(self, sequence: _Sequence, start: int, stop: int, modality: int) -> int | None:
        """Return the place of the first id in a stretch that does not belong inside the modality, None where all do."""
        inside = slice(start, stop)
        strangers = np.flatnonzero(~self._belong(sequence.ids[inside], sequence.roles[inside], modality))
        return start + int(strangers[0]) if len(strangers) else None

    def _belong(self, ids: NDArray[np.int64], roles: NDArray[np.int16], modality: int) -> NDArray[np.bool_]:
        text_ids = self._text_ids[modality]
        if text_ids is None:
            text: NDArray[np.bool_] = roles == TEXT
            return text
        own: NDArray[np.bool_] = (roles == OPENS + 3 * modality + 2) | np.isin(ids, text_ids)
        return own

    def _stray(self, roles: NDArray[np.int16], start: int) -> Span:
        """Return the run of ids of one role that starts where that role is not allowed."""
        role = int(roles[start])
        different = np.flatnonzero(roles[start:] != role)
        stop = start + int(different[0]) if len(different) else len(roles)
        if role == NOTHING:
            return Span(None, start, stop, ("no token has this id: it is padding or out of range", start))
        name = self._names[(role - OPENS) // 3]
        what = "an end token" if (role - OPENS) % 3 == 1 else "tokens"
        return Span(None, start, stop, (f"{what} of {name} outside any segment of it", start))


def _is_control(roles: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return which roles are those of start and end tokens, ``bool [n]``."""
    controls: NDArray[np.bool_] = (roles >= OPENS) & ((roles - OPENS) % 3 != 2)
    return controls
