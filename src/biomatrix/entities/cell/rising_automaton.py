"""The automaton of regions in genomic order: chromosomes, tiles and bins only rise.

A table cannot hold this: its states would be the six million bins of the genome. Here a row's state is where it stands,
and what may come next follows by arithmetic.

Legend of shapes: R rows, T tiles that hold a bin, B bins of a tile, n ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.closing import FAR
from biomatrix.entities.table_automaton import ascending, in_words, ranges_of
from biomatrix.errors import ConfigurationError

_DONE, _START, _CHROMOSOME, _TILE, _OPEN, _LEVEL = -1, 0, 1, 2, 3, 4
_PHASE, _WHICH, _PLACE, _BIN, _LEAST, _MOST, _BUDGET = range(7)
"""The numbers of a state: what was written last, the chromosome, the tile among those that hold a bin, the bin, the
least and the most regions still to write (a most of -1 for any number), the tokens left."""
_MOST_KNOWN: Final = 16_384
_AMPLE: Final = 8
"""More tokens change nothing where one more region at most is wanted: chromosome, tile, bin, level, end."""
_NONE: Final = np.empty((0, 2), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Tiles:
    """The tiles that may be written, in genomic order, and the bins of each.

    Parameters
    ----------
    chromosome : ndarray, shape=(T,), dtype=int64
        The chromosome of each tile, rising.
    number : ndarray, shape=(T,), dtype=int64
        Its number on the chromosome, one after another.
    first, last : ndarray, shape=(T,), dtype=int64
        Its first and last bin, both included.
    """

    chromosome: NDArray[np.int64]
    number: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RegionIds:
    """The ids of the tokens of regions.

    Parameters
    ----------
    chromosomes, tiles : ndarray, dtype=int64
        By their number; empty where regions are those of a list, which is one tile that is never written.
    bins : ndarray, dtype=int64
        By their number.
    levels : ndarray, dtype=int64
        Empty where a region has no level.
    """

    chromosomes: NDArray[np.int64]
    tiles: NDArray[np.int64]
    bins: NDArray[np.int64]
    levels: NDArray[np.int64]


class RisingAutomaton:
    """Guides a segment of regions.

    Whether a requested number of regions still fits is judged by the plan that writes the next bins there are. No
    allowed id leads into a dead end. The plan is the shortest but where a short tile at the end of a chromosome could
    be passed over, so a request for hundreds of regions may be refused one token early.

    Parameters
    ----------
    name : str
        The modality, for messages.
    start_id, end_id : int
        The control pair.
    ids : RegionIds
    tiles : Tiles
    """

    def __init__(self, name: str, start_id: int, end_id: int, ids: RegionIds, tiles: Tiles) -> None:
        self.start_id, self.end_id = start_id, end_id
        self.ids: NDArray[np.int64] = ascending(ids.chromosomes, ids.tiles, ids.bins, ids.levels, [end_id])
        self._name, self._of, self._tiles = name, ids, tiles
        self._plain = not len(ids.tiles)
        self._width = 1 + bool(len(ids.levels))
        size = tiles.last - tiles.first + 1
        new = np.ones(len(size), dtype=np.int64)
        new[1:] = np.diff(tiles.chromosome) != 0
        self._bins_to = np.cumsum(size)  # up to the end of each tile
        self._heads_to = np.zeros_like(size) if self._plain else np.cumsum(1 + new)
        self._head = np.flatnonzero(new)  # the first tile of each chromosome
        self._chromosomes = tiles.chromosome[self._head]
        self._tail = np.append(self._head[1:], len(size)) - 1
        self._class_of, self._value_of = self._lookups()
        # As is usual, each class is one run of ids: what may come is then told without looking at every id.
        self._in_runs = all((np.diff(part) == 1).all() for part in (ids.chromosomes, ids.tiles, ids.bins, ids.levels))
        self._known: dict[bytes, Ranges] = {}
        self._ranges: dict[bytes, Ranges] = {}

    def _lookups(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the phase that each id leads to and its number, both by id from the least on."""
        first = int(self.ids[0])
        phases = np.full(int(self.ids[-1]) + 1 - first, _DONE, dtype=np.int64)
        values = np.zeros_like(phases)
        after_bin = _LEVEL if len(self._of.levels) else _OPEN
        for ids, phase in (
            (self._of.chromosomes, _CHROMOSOME),
            (self._of.tiles, _TILE),
            (self._of.bins, after_bin),
            (self._of.levels, _OPEN),
        ):
            phases[ids - first], values[ids - first] = phase, np.arange(len(ids))
        self._is_bin = np.zeros(len(phases), dtype=bool)
        self._is_bin[self._of.bins - first] = True
        return phases, values

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [7]``; ConfigurationError where no segment fits the bounds."""
        least, most = bounds.range or (0, -1)
        if bounds.range is not None and (most < max(least, 1) or least < 0):
            raise ConfigurationError(
                f"no {self._name} segment has length {in_words(bounds)}; ask for a length of at least 1"
            )
        state = np.array(
            [_TILE if self._plain else _START, -1, 0 if self._plain else -1, -1, least, most, bounds.budget],
            dtype=np.int64,
        )
        need = int(self._fewest(state[None])[0])
        if need >= FAR:
            raise ConfigurationError(
                f"{self._name} has {int(self._bins_to[-1]):,} regions to write, fewer than {least:,}; ask for fewer"
            )
        if need + 1 > bounds.budget:
            raise ConfigurationError(
                f"{self._name} needs at least {need + 1} tokens, but only {bounds.budget} may be written; ask for "
                "fewer regions, or allow more (max_new_tokens)"
            )
        return state

    def _fewest(self, states: States) -> NDArray[np.int64]:
        """Return the tokens of the plan that brings rows to where they may end, the end aside, ``int64 [R]``."""
        phase, which, place, bin_, least, _, _ = states.T
        writes = (phase == _START) | (phase == _CHROMOSOME) | (phase == _TILE)
        count = np.where(writes, np.maximum(least, 1), np.maximum(least, 0))
        inside = (phase == _TILE) | (phase == _OPEN) | (phase == _LEVEL)
        here = np.where(inside, place, 0)
        room = np.where(inside, self._tiles.last[here] - np.maximum(bin_, self._tiles.first[here] - 1), 0)
        # Rows that stand before a tile stand behind the one before it.
        before = np.where(inside, place, np.where(phase == _CHROMOSOME, self._head_of(which) - 1, -1))
        behind = np.where(before >= 0, self._bins_to[before], 0)
        beyond = np.maximum(count - room, 0)
        until = np.searchsorted(self._bins_to, behind + beyond, side="left")
        heads = self._heads_to[np.minimum(until, len(self._heads_to) - 1)] - np.where(
            before >= 0, self._heads_to[before], 0
        )
        heads = np.where(beyond > 0, heads - (phase == _CHROMOSOME), 0)
        needed = count * self._width + heads + (phase == _LEVEL)
        return np.where(phase == _DONE, 0, np.where((beyond > 0) & (until >= len(self._bins_to)), FAR, needed))

    def _head_of(self, which: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the first tile of chromosomes that have one."""
        at = np.searchsorted(self._chromosomes, which)
        return self._head[np.minimum(at, len(self._head) - 1)]

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        keyed = np.array(states, dtype=np.int64, order="C")
        free = keyed[:, _LEAST] <= 1
        keyed[:, _BUDGET] = np.where(free, np.minimum(keyed[:, _BUDGET], _AMPLE), keyed[:, _BUDGET])
        keyed[:, _MOST] = np.minimum(keyed[:, _MOST], 1)
        keys: list[bytes] = [row.tobytes() for row in keyed]
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        for key, row in zip(keys, keyed, strict=True):
            if key not in self._known:
                self._known[key] = self._next_ids(row)
        return [self._known[key] for key in keys]

    def _next_ids(self, state: NDArray[np.int64]) -> Ranges:
        """Return the ids that may come next in one state."""
        phase, which, place, bin_, least, most, budget = state.tolist()
        if phase == _DONE:
            return _NONE
        if phase == _LEVEL:
            return self._as_ranges([self._of.levels])
        ample = least <= 1 and budget >= _AMPLE
        parts = []
        if most != 0:
            if phase in (_TILE, _OPEN):
                parts.append(self._bins_after(state, max(bin_ + 1, int(self._tiles.first[place])), ample))
            if phase in (_CHROMOSOME, _OPEN) and not self._plain:
                parts.append(self._tiles_after(state, which, place if phase == _OPEN else None, ample))
            if phase in (_START, _OPEN) and not self._plain:
                parts.append(self._chromosomes_after(state, which if phase == _OPEN else -1, ample))
        if phase == _OPEN and least <= 0 and budget >= 1:
            parts.append(np.array([self.end_id]))
        return self._as_ranges(parts)

    def _fits(self, state: NDArray[np.int64], count: int, **changed: int | NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for candidates whether a plan of what is left fits after each, ``bool [count]``."""
        after = np.repeat(state[None], count, axis=0)
        columns = {"phase": _PHASE, "which": _WHICH, "place": _PLACE, "bin": _BIN, "least": _LEAST}
        for name, value in changed.items():
            after[:, columns[name]] = value
        fits: NDArray[np.bool_] = self._fewest(after) + 2 <= state[_BUDGET]
        return fits

    def _bins_after(self, state: NDArray[np.int64], first: int, ample: bool) -> NDArray[np.int64]:
        if ample:
            return self._of.bins[first : int(self._tiles.last[state[_PLACE]]) + 1]
        numbers = np.arange(first, int(self._tiles.last[state[_PLACE]]) + 1)
        phase = _LEVEL if len(self._of.levels) else _OPEN
        fits = self._fits(state, len(numbers), phase=phase, bin=numbers, least=max(int(state[_LEAST]) - 1, 0))
        return self._of.bins[numbers[fits]]

    def _tiles_after(self, state: NDArray[np.int64], which: int, place: int | None, ample: bool) -> NDArray[np.int64]:
        chromosome = int(np.searchsorted(self._chromosomes, which))
        first = int(self._head[chromosome]) if place is None else place + 1
        places = np.arange(first, int(self._tail[chromosome]) + 1)
        if ample:
            return self._of.tiles[self._tiles.number[places]]
        fits = self._fits(state, len(places), phase=_TILE, place=places, bin=-1)
        return self._of.tiles[self._tiles.number[places[fits]]]

    def _chromosomes_after(self, state: NDArray[np.int64], which: int, ample: bool) -> NDArray[np.int64]:
        numbers = self._chromosomes[self._chromosomes > which]
        if ample:
            return self._of.chromosomes[numbers]
        fits = self._fits(state, len(numbers), phase=_CHROMOSOME, which=numbers, place=-1, bin=-1)
        return self._of.chromosomes[numbers[fits]]

    def _as_ranges(self, parts: list[NDArray[np.int64]]) -> Ranges:
        """Return ids as ranges: for equal sets the same object."""
        runs = sorted((int(part[0]), int(part[-1]) + 1) for part in parts if len(part))
        if self._in_runs and sum(last - first for first, last in runs) == sum(map(len, parts)):
            merged: list[list[int]] = []
            for first, last in runs:
                if merged and merged[-1][1] == first:
                    merged[-1][1] = last
                else:
                    merged.append([first, last])
            made = np.array(merged, dtype=np.int64).reshape(-1, 2)
        else:
            made = ranges_of(np.sort(np.concatenate(parts)))
        if len(self._ranges) > _MOST_KNOWN:
            self._ranges.clear()
        return self._ranges.setdefault(made.tobytes(), made)

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 7]``, after one allowed id per row, ``int64 [R]``."""
        at = ids - int(self.ids[0])
        phase, value, is_bin = self._class_of[at], self._value_of[at], self._is_bin[at]
        following: States = states.copy()
        following[:, _PHASE] = phase
        following[:, _BUDGET] -= 1
        chromosome, tile = phase == _CHROMOSOME, phase == _TILE
        following[chromosome, _WHICH] = value[chromosome]
        if tile.any():
            head = self._head_of(following[tile, _WHICH])
            following[tile, _PLACE] = head + value[tile] - self._tiles.number[head]
        following[chromosome | tile, _BIN] = -1
        following[is_bin, _BIN] = value[is_bin]
        following[is_bin, _LEAST] = np.maximum(following[is_bin, _LEAST] - 1, 0)
        following[is_bin, _MOST] -= following[is_bin, _MOST] > 0
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        rows: NDArray[np.bool_] = states[:, _PHASE] == _DONE
        return rows

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens, the end token among them, that finish each row, ``int64 [R]``."""
        return np.where(states[:, _PHASE] == _DONE, 0, self._fewest(states) + 1)
