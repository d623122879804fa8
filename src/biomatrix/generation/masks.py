"""From the ranges of ids that rows are allowed to columns of their candidates: a slice where that will do, or masks.

Legend of shapes: R rows, N candidate ids, U masks, n ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from biomatrix.entities.automaton import Ranges
from biomatrix.errors import ConfigurationError
from biomatrix.generation.drawing import Masks
from biomatrix.generation.transfers import sent

_MOST_OBJECTS: Final = 4096
"""The most ranges known, by identity and by content."""
_MOST_BYTES: Final = 64 << 20
"""The most memory of masks, unless the rows of one step need more."""
_FEWEST_MASKS: Final = 64
_MANY_EDGES: Final = 64
"""From so many edges of ranges on they are told apart by a sum over all columns in place of one after the other."""


@dataclass(frozen=True, eq=False)
class Allowed:
    """What the rows of a step may choose.

    Parameters
    ----------
    first, stop : int
        The columns between which everything allowed lies.
    forced : ndarray, shape=(R,), dtype=int64, optional
        The column of each row, where none has a choice.
    masks : Masks, optional
        Over columns ``first`` to ``stop``; not given where every row may choose any of them.
    """

    first: int
    stop: int
    forced: NDArray[np.int64] | None = None
    masks: Masks | None = None


class MaskTable:
    """Turns ranges into slices and masks; each mask is made once, and what equal ranges share is found by content.

    Parameters
    ----------
    ids : ndarray, shape=(N,), dtype=int64
        The candidates, ascending.
    device : torch.device
        Where masks are.
    """

    def __init__(self, ids: NDArray[np.int64], device: torch.device) -> None:
        self._ids = ids
        self._narrows = device.type != "cuda"
        """Whether fewer columns are less work; a GPU rather does the same again."""
        self._is_dense = int(ids[-1]) - int(ids[0]) + 1 == len(ids)
        self._most = max(_FEWEST_MASKS, _MOST_BYTES // len(ids))
        self._by_object: dict[int, int] = {}
        """The number of some ranges, by identity."""
        self._kept: list[Ranges] = []
        """The same ranges, so that no other objects can take their identities."""
        self._by_content: dict[bytes, int] = {}
        self._columns: list[NDArray[np.int64]] = []
        self._spans: list[tuple[int, int, bool]] = []
        """Between which columns ranges lie, and whether they fill what lies between."""
        self._masks: list[int] = []
        """The number of the mask of some ranges, -1 while there is none."""
        self._table = torch.empty((0, len(ids)), dtype=torch.bool, device=device)
        self._shared: NDArray[np.bool_] | None = None
        """The same memory, where NumPy can write to it: in a tenth of the time."""
        self._filled = self._room = 0
        self._last: tuple[list[int], list[Ranges], Allowed] = ([], [], Allowed(0, 0))
        """Of the step before: rows are often allowed the same again."""

    @property
    def nbytes(self) -> int:
        """The memory of the masks in bytes."""
        return self._table.nbytes

    def allowed(self, ranges: Sequence[Ranges]) -> Allowed:
        """Return what the rows may choose; ConfigurationError where a row has no choice left at all."""
        keys = list(map(id, ranges))
        if keys != self._last[0]:
            # The ranges are kept so that no other objects can take their identities.
            self._last = keys, list(ranges), self._allowed(keys, ranges)
        return self._last[2]

    def _allowed(self, keys: list[int], ranges: Sequence[Ranges]) -> Allowed:
        numbers = self._numbers(keys, ranges)
        distinct = set(numbers)
        spans = [self._spans[number] for number in distinct]
        first, stop = min([span[0] for span in spans]), max([span[1] for span in spans])
        if all(span[1] - span[0] == 1 for span in spans):
            return Allowed(first, stop, np.array([self._spans[number][0] for number in numbers]))
        if not self._narrows:
            first, stop = 0, len(self._ids)
        if spans.count((first, stop, True)) == len(spans):
            return Allowed(first, stop)
        missing = [number for number in distinct if self._masks[number] < 0]
        if missing and self._filled and self._filled + len(missing) > self._most:
            self._forget()
            numbers = self._numbers(keys, ranges)
            missing = list(set(numbers))
        self._add(missing)
        if len(distinct) == 1:
            number = self._masks[numbers[0]]
            return Allowed(first, stop, None, Masks(self._table[number : number + 1, first:stop]))
        masks = self._masks
        rows = np.fromiter(map(masks.__getitem__, numbers), np.int64, len(numbers))
        return Allowed(first, stop, None, Masks(self._table[:, first:stop], rows))

    def _numbers(self, keys: list[int], ranges: Sequence[Ranges]) -> list[int]:
        """Return the number of each row's ranges; equal ranges have one."""
        known = self._by_object
        try:
            return list(map(known.__getitem__, keys))
        except KeyError:
            new = sum([key not in known for key in keys])
        if len(self._by_content) + new > _MOST_OBJECTS:
            self._forget()
        if len(known) + new > _MOST_OBJECTS:
            known.clear()
            self._kept.clear()
        for key, one in zip(keys, ranges, strict=True):
            if key not in known:
                known[key] = self._number(one)
                self._kept.append(one)
        return list(map(known.__getitem__, keys))

    def _number(self, ranges: Ranges) -> int:
        if not len(ranges):
            raise ConfigurationError(
                "a guide allows nothing, though its row has not finished: its automaton is at fault"
            )
        number = self._by_content.setdefault(ranges.tobytes(), len(self._columns))
        if number == len(self._columns):
            edges = ranges.ravel()
            columns = edges - self._ids[0] if self._is_dense else np.searchsorted(self._ids, edges)
            bounds: list[int] = columns.tolist()  # of few ranges; lists are quicker then than arrays
            self._spans.append((bounds[0], bounds[-1], bounds[1:-1:2] == bounds[2::2]))
            self._masks.append(-1)
            self._columns.append(columns)
        return number

    def _add(self, missing: Sequence[int]) -> None:
        """Make masks."""
        if not missing:
            return
        stop = self._filled + len(missing)
        if stop > self._room:
            self._grow(stop)
        added = slice(self._filled, stop)
        forbidden = np.empty((len(missing), len(self._ids)), np.bool_) if self._shared is None else self._shared[added]
        forbidden[:] = True
        for row, number in zip(forbidden, missing, strict=True):
            if len(self._columns[number]) > _MANY_EDGES:
                _open_between(row, self._columns[number])
                continue
            bounds: list[int] = self._columns[number].tolist()
            for first, last in zip(bounds[::2], bounds[1::2], strict=True):
                row[first:last] = False
        if self._shared is None:
            self._table[added] = sent(forbidden, self._table.device)
        for place, number in enumerate(missing, start=self._filled):
            self._masks[number] = place
        self._filled = stop

    def _grow(self, least: int) -> None:
        """Make room for at least so many masks, and for twice as many as there are."""
        self._room = max(16, 2 * self._filled, least)
        larger = self._table.new_empty((self._room, len(self._ids)))
        larger[: self._filled] = self._table[: self._filled]
        self._table = larger
        self._shared = larger.numpy() if larger.device.type == "cpu" else None

    def _forget(self) -> None:
        """Drop all masks; those that are asked for again are made again."""
        self._by_object.clear()
        self._by_content.clear()
        for facts in (self._kept, self._columns, self._spans, self._masks):
            facts.clear()
        self._filled = 0


def _open_between(row: NDArray[np.bool_], edges: NDArray[np.int64]) -> None:
    """Set a mask to False within many ranges, whose edges are given one after the other."""
    steps = np.zeros(len(row) + 1, dtype=np.int8)
    steps[edges[::2]] = 1
    steps[edges[1::2]] -= 1
    np.equal(np.cumsum(steps[:-1], dtype=np.int8), 0, out=row)
