"""From ids back to typed segments: where each begins and ends, what it spells, or why it spells nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
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
        What the part says.
    modality : str or None
        The modality it is written in; None for text and for ids that belong to no segment.
    start, stop : int
        Where it stands in the ids, control pair included.
    tokens : tuple of str
        The tokens between the control pair; empty for text.
    """

    value: Value
    modality: str | None
    start: int
    stop: int
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True)
class Span:
    """A stretch of ids before it is decoded; ``fault`` is (reason, position) where its form is broken."""

    modality: int | None
    start: int
    stop: int
    fault: tuple[str, int] | None = None


TEXT, SPECIAL, NOTHING, OPENS = 0, 1, 2, 3
"""Roles of ids: a base piece, a special token of the base, no token; then three numbers a modality."""


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
    """

    def __init__(
        self, roles: NDArray[np.int16], names: Sequence[str], text_ids: Sequence[NDArray[np.int64] | None]
    ) -> None:
        self._roles = roles
        self._names = names
        self._text_ids = text_ids

    def split(self, ids: NDArray[np.int64]) -> Iterator[Span]:
        """Yield the spans of a sequence in order; together they cover every id once."""
        roles = self.roles(ids)
        breaks = np.flatnonzero((roles != TEXT) & (roles != SPECIAL))
        position = 0
        while position < len(ids):
            role = int(roles[position])
            if role in (TEXT, SPECIAL):
                following = int(np.searchsorted(breaks, position))
                stop = int(breaks[following]) if following < len(breaks) else len(ids)
                span = Span(None, position, stop)
            elif role >= OPENS and (role - OPENS) % 3 == 0:
                span = self._segment(ids, roles, position, (role - OPENS) // 3)
            else:
                span = self._stray(roles, position)
            yield span
            position = span.stop

    def roles(self, ids: NDArray[np.int64]) -> NDArray[np.int16]:
        """Return the role of each id; NOTHING outside the vocabulary."""
        inside = (ids >= 0) & (ids < len(self._roles))
        return np.where(inside, self._roles[np.where(inside, ids, 0)], NOTHING).astype(np.int16)

    def _segment(self, ids: NDArray[np.int64], roles: NDArray[np.int16], start: int, modality: int) -> Span:
        """Return the segment opened at ``start``: up to its end token, or to where it stops making sense."""
        name = self._names[modality]
        rest = roles[start + 1 :]
        halts = np.flatnonzero((rest == SPECIAL) | ((rest >= OPENS) & ((rest - OPENS) % 3 != 2)))
        halt = int(halts[0]) if len(halts) else len(rest)
        strangers = np.flatnonzero(~self._belong(ids[start + 1 :][:halt], rest[:halt], modality))
        foreign = start + 1 + int(strangers[0]) if len(strangers) else None
        stop = start + 1 + halt
        if halt < len(rest) and int(rest[halt]) == OPENS + 3 * modality + 1:
            if foreign is None:
                return Span(modality, start, stop + 1)
            reason = f"id {int(ids[foreign])} does not belong inside {name}"
            return Span(modality, start, stop + 1, (reason, foreign))
        stop = stop if foreign is None else foreign
        return Span(modality, start, stop, (f"the {name} segment is not closed", stop))

    def _belong(self, ids: NDArray[np.int64], roles: NDArray[np.int16], modality: int) -> NDArray[np.bool_]:
        text_ids = self._text_ids[modality]
        if text_ids is None:
            text: NDArray[np.bool_] = roles == TEXT
            return text
        own: NDArray[np.bool_] = (roles == OPENS + 3 * modality + 2) | np.isin(ids, text_ids)
        return own

    def _stray(self, roles: NDArray[np.int16], start: int) -> Span:
        """Return the run of ids of one role that stand where they may not."""
        role = int(roles[start])
        different = np.flatnonzero(roles[start:] != role)
        stop = start + int(different[0]) if len(different) else len(roles)
        if role == NOTHING:
            return Span(None, start, stop, ("no token has this id: it is padding or out of range", start))
        name = self._names[(role - OPENS) // 3]
        what = "an end token" if (role - OPENS) % 3 == 1 else "tokens"
        return Span(None, start, stop, (f"{what} of {name} outside any segment of it", start))
