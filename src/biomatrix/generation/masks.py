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
from biomatrix.generation.drawing import Masks

_MOST_OBJECTS: Final = 4096
"""The most ranges known, by identity and by content."""
_MOST_BYTES: Final = 64 << 20
"""The most memory of masks, unless the rows of one step need more."""
_FEWEST_MASKS: Final = 64


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


@dataclass(eq=False, slots=True)
class _Entry:
    """Some ranges as columns: between which they lie, whether they fill what lies between, and their mask's number."""

    columns: NDArray[np.int64]
    first: int
    stop: int
    is_solid: bool
    number: int = -1


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
        self._is_dense = int(ids[-1]) - int(ids[0]) + 1 == len(ids)
        self._most = max(_FEWEST_MASKS, _MOST_BYTES // len(ids))
        self._by_object: dict[int, tuple[Ranges, _Entry]] = {}
        self._by_content: dict[bytes, _Entry] = {}
        self._table = torch.empty((0, len(ids)), dtype=torch.bool, device=device)
        self._filled = 0

    @property
    def nbytes(self) -> int:
        """The memory of the masks in bytes."""
        return self._table.nbytes

    def allowed(self, ranges: Sequence[Ranges]) -> Allowed:
        """Return what the rows may choose, each of whose ranges holds at least one candidate."""
        keys = list(map(id, ranges))
        distinct = {key: self._entry(one) for key, one in dict(zip(keys, ranges, strict=True)).items()}
        entries = list(distinct.values())
        first, stop = min(entry.first for entry in entries), max(entry.stop for entry in entries)
        if all(entry.stop - entry.first == 1 for entry in entries):
            return Allowed(first, stop, np.array([distinct[key].first for key in keys]))
        if all(entry.is_solid and entry.first == first and entry.stop == stop for entry in entries):
            return Allowed(first, stop)
        if self._filled + sum(entry.number < 0 for entry in entries) > self._most and self._filled:
            self._forget()
        numbers = {key: entry.number if entry.number >= 0 else self._add(entry) for key, entry in distinct.items()}
        if len(set(numbers.values())) == 1:
            number = numbers[keys[0]]
            return Allowed(first, stop, None, Masks(self._table[number : number + 1, first:stop]))
        rows = torch.from_numpy(np.array([numbers[key] for key in keys])).to(self._table.device)
        return Allowed(first, stop, None, Masks(self._table[:, first:stop], rows))

    def _entry(self, ranges: Ranges) -> _Entry:
        known = self._by_object.get(id(ranges))
        if known is not None:
            return known[1]
        content = ranges.tobytes()
        entry = self._by_content.get(content)
        if entry is None:
            if len(self._by_content) >= _MOST_OBJECTS:
                self._forget()
            columns = ranges - self._ids[0] if self._is_dense else np.searchsorted(self._ids, ranges)
            first, stop = int(columns[0, 0]), int(columns[-1, 1])
            is_solid = int((columns[:, 1] - columns[:, 0]).sum()) == stop - first
            entry = self._by_content[content] = _Entry(columns, first, stop, is_solid)
        if len(self._by_object) >= _MOST_OBJECTS:
            self._by_object.clear()
        # The ranges are kept so that no other object can take their identity.
        self._by_object[id(ranges)] = (ranges, entry)
        return entry

    def _add(self, entry: _Entry) -> int:
        """Make a mask; return its number."""
        if self._filled == len(self._table):
            larger = self._table.new_empty((max(16, 2 * self._filled), len(self._ids)))
            larger[: self._filled] = self._table
            self._table = larger
        edges = np.concatenate([[0], entry.columns.ravel(), [len(self._ids)]])
        forbidden = np.repeat(np.arange(len(edges) - 1) % 2 == 0, np.diff(edges))
        self._table[self._filled] = torch.from_numpy(forbidden)
        entry.number = self._filled
        self._filled += 1
        return entry.number

    def _forget(self) -> None:
        """Drop all masks; those that are asked for again are made again."""
        for entry in (*self._by_content.values(), *(entry for _, entry in self._by_object.values())):
            entry.number = -1
        self._by_object.clear()
        self._by_content.clear()
        self._filled = 0
