"""Where rows stand in their guides, found from the ids they have written and nothing else.

Loops that are not ours move, repeat, drop and swap rows as they like (beams, preempted requests, drafts that are
refused). So nothing is kept by row: a place belongs to a guide and the ids written under it, and a row that is one id
longer than a place that is known costs one step of the guide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Ranges
from biomatrix.generation.jobs import Guide

_NOTHING: Final[Ranges] = np.empty((0, 2), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Course:
    """What one answer keeps to.

    Parameters
    ----------
    guide : Guide
        Says which ids may come next.
    start : ndarray, shape=(k,)
        The guide's state before the first id.
    budget : int
        The most ids to write.
    """

    guide: Guide
    start: NDArray[Any]
    budget: int


@dataclass(frozen=True, eq=False)
class Place:
    """Where a row stands.

    Parameters
    ----------
    state : ndarray, shape=(k,), or None
        The guide's state; None where the ids are not what the guide allows.
    allowed : ndarray, shape=(n, 2), dtype=int64
        The ids that may come next; none where nothing may.
    finished : bool
        Whether the guide has finished.
    """

    state: NDArray[Any] | None
    allowed: Ranges
    finished: bool

    def stopped(self) -> Place:
        """Return the place with nothing more to write, as where the budget is spent."""
        return Place(self.state, _NOTHING, self.finished)


ASTRAY: Final = Place(None, _NOTHING, False)
"""The place of ids that the guide does not allow."""

Written: TypeAlias = NDArray[np.int64]
_Key: TypeAlias = tuple[Course, bytes]


class PrefixStates:
    """The places of rows, found again by what they have written.

    Only what was asked for in the last two calls is kept: the rows of a step grow out of those of the step before.
    """

    def __init__(self) -> None:
        self._known: dict[_Key, Place] = {}
        self._before: dict[_Key, Place] = {}

    def places(self, courses: Sequence[Course], written: Sequence[Written]) -> list[Place]:
        """Return the place of each row.

        Parameters
        ----------
        courses : sequence of Course, length=R
            What each row keeps to; rows of one answer share the object.
        written : sequence of ndarray, shape=(n,), dtype=int64
            The ids each row has written. Ids after the guide has finished, such as padding, count for nothing.
        """
        self._before, self._known = self._known, {}
        found: list[Place] = []
        rows: dict[_Key, list[int]] = {}
        for row, (course, ids) in enumerate(zip(courses, written, strict=True)):
            key = course, ids.tobytes()
            known = self._before.get(key)
            found.append(known or ASTRAY)
            if known is None:
                rows.setdefault(key, []).append(row)
            else:
                self._known[key] = known
        by_guide: dict[int, list[_Key]] = {}
        for key in rows:
            by_guide.setdefault(id(key[0].guide), []).append(key)
        for keys in by_guide.values():
            for key, place in zip(keys, self._followed(keys), strict=True):
                self._known[key] = place
                for row in rows[key]:
                    found[row] = place
        return found

    def _followed(self, keys: Sequence[_Key]) -> list[Place]:
        """Return the places of rows of one guide, stepping all of them together."""
        guide = keys[0][0].guide
        places: list[Place] = []
        left: list[NDArray[np.int64]] = []
        starting: list[int] = []
        for number, (course, written) in enumerate(keys):
            shorter = self._before.get((course, written[:-8])) if written else None
            ids = np.frombuffer(written, dtype=np.int64)
            places.append(shorter or ASTRAY)
            left.append(ids if shorter is None else ids[-1:])
            if shorter is None:
                starting.append(number)
        if starting:
            first = _places(guide, np.stack([keys[number][0].start for number in starting]))
            for number, place in zip(starting, first, strict=True):
                places[number] = place
        for step in range(max(map(len, left))):
            going = [n for n, ids in enumerate(left) if step < len(ids) and not places[n].finished]
            legal = [n for n in going if _allows(places[n].allowed, int(left[n][step]))]
            for number in set(going) - set(legal):
                places[number] = ASTRAY
            if legal:
                states = np.stack([_state(places[n]) for n in legal])
                ids = np.array([left[n][step] for n in legal], dtype=np.int64)
                for number, place in zip(legal, _places(guide, guide.advance(states, ids)), strict=True):
                    places[number] = place
        return places


def _places(guide: Guide, states: NDArray[Any]) -> list[Place]:
    """Return the places of states ``[R, k]``."""
    finished = guide.finished(states).tolist()
    allowed = guide.allowed(states)
    return [Place(*row) for row in zip(states, allowed, finished, strict=True)]


def _state(place: Place) -> NDArray[Any]:
    assert place.state is not None  # a place that allows an id has one
    return place.state


def _allows(ranges: Ranges, id_: int) -> bool:
    """Return whether an id is in ascending half-open ranges."""
    at = int(np.searchsorted(ranges[:, 0], id_, side="right")) - 1
    return at >= 0 and id_ < int(ranges[at, 1])
