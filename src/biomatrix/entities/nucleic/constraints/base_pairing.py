"""Which bases may still come where pairs are asked for: nested pairs exactly, by what lies within and around each.

Pairs that cross others (pseudoknots) are no context-free language. They are looked ahead over one by one: the 3' base
pairs with the 5' base as long as what else is asked leaves a base that does; a sequence where it does not is judged
when it is finished.

Legend of shapes: L bases, n states of a layer, m states of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.nucleic.constraints.base_layers import BaseLayers
from biomatrix.entities.nucleic.pair_levels import nested_and_crossing
from biomatrix.errors import ConfigurationError

PARTNERS: Final = (0b1000, 0b0100, 0b1010, 0b0101)
"""The bases that A, C, G and U pair with, as bits in that order."""
_MOST_KNOWN: Final = 10_000
Opened = tuple[int, ...]
"""The 5' bases of the nested pairs that are open, the outermost first."""


class PairCourse:
    """Where pairs open and close, and the register that holds the 5' base of each while it is open.

    Parameters
    ----------
    pairs : sequence of (int, int)
    length : int
        Bases.

    Attributes
    ----------
    depths : list of int
        How many nested pairs are open before each base; their registers are the first ones, the outermost first.
    opens, closes : list of int
        The register of the pair that opens at each base, and of a crossing pair that closes there; -1 for none.
    registers : int
    """

    def __init__(self, pairs: Sequence[tuple[int, int]], length: int) -> None:
        nested, crossing = nested_and_crossing(pairs)
        steps = np.zeros(length + 1, dtype=np.int64)
        for first, second in nested.items():
            steps[first + 1] += 1
            steps[second + 1] -= 1
        self.depths: list[int] = np.cumsum(steps).tolist()
        self.opens, self.closes = [-1] * length, [-1] * length
        for first in nested:
            self.opens[first] = self.depths[first]
        self.registers = max(self.depths, default=0)
        for first, second in crossing.items():
            self.opens[first] = self.closes[second] = self.registers
            self.registers += 1


class BasePairing:
    """Follows pairs over layers.

    Parameters
    ----------
    layers : BaseLayers
    pairs : sequence of (int, int)
        The smaller index first, no base in two of them.

    Raises
    ------
    ConfigurationError
        No sequence pairs so; the message names the pair at which it closes.
    """

    def __init__(self, layers: BaseLayers, pairs: Sequence[tuple[int, int]]) -> None:
        self.length = len(layers.steps)
        self._layers = layers
        self._nested, self._crossing = nested_and_crossing(pairs)
        self._closing = {second: first for first, second in self._nested.items()}
        self._around = _enclosing(self.length, self._nested)
        self._spans: dict[int, NDArray[np.bool_]] = {}
        for first in sorted(self._nested, key=lambda place: self._nested[place] - place):
            self._spans[first] = self._span(first)
            if not self._spans[first].any():
                raise ConfigurationError(
                    f"no sequence is such: bases {first + 1} and {self._nested[first] + 1} cannot pair beside what "
                    "else is asked for"
                )
        self._known: dict[tuple[int, Opened], dict[int, NDArray[np.bool_]]] = {}
        if not self._alive(0, ())[0]:
            raise ConfigurationError("no sequence is such: the base pairs exclude what else is asked for")

    def choices(self, place: int, state: int, opened: Opened, partner: int) -> int:
        """Return the bases that may come, as bits.

        Parameters
        ----------
        place, state : int
        opened : tuple of int
        partner : int
            The base at the other end of a crossing pair that closes here; -1 where none does.
        """
        row = self._layers.steps[place][state].tolist()
        found = 0
        for base, following in enumerate(row):
            if following < 0 or (place in self._closing and not PARTNERS[opened[-1]] >> base & 1):
                continue
            if self._alive(place + 1, self.behind(place, base, opened))[following]:
                found |= 1 << base
        if partner >= 0:
            return found & PARTNERS[partner] or found
        if place in self._crossing:
            there = self._possible(self._crossing[place])
            kept = sum(1 << base for base in range(4) if found >> base & 1 and PARTNERS[base] & there)
            return kept or found
        return found

    def behind(self, place: int, base: int, opened: Opened) -> Opened:
        """Return what is open behind a base."""
        if place in self._nested:
            return (*opened, base)
        return opened[:-1] if place in self._closing else opened

    def _possible(self, place: int) -> int:
        """Return the bases that some state has at a place, as bits."""
        return sum(1 << base for base in range(4) if (self._layers.steps[place][:, base] >= 0).any())

    def _span(self, first: int) -> NDArray[np.bool_]:
        """Return from which state before a pair which one behind it is reached, ``bool [n, m]``."""
        second, steps = self._nested[first], self._layers.steps
        behind = _width(self._layers, second + 1)
        closed = [_onto(steps[second][:, base], behind) for base in range(4)]
        found = np.stack(
            [np.any([closed[other] for other in range(4) if mask >> other & 1], axis=0) for mask in PARTNERS], axis=1
        ).reshape(len(steps[second]), -1)
        place = second
        while place > first + 1:
            before = place - 1
            if before in self._closing:
                place = self._closing[before]
                span = self._spans[place].astype(np.float32)
                found = span @ found.astype(np.float32) > 0
            else:
                found, place = _any_base(steps[before], found), before
        reached = found.reshape(len(found), 4, behind)
        return _any([_gathered(steps[first][:, base], reached[:, base]) for base in range(4)])

    def _alive(self, place: int, opened: Opened) -> NDArray[np.bool_]:
        """Return from which states of a layer an end is reached, ``bool [n]``."""
        loops = [self._around[place]]
        if (loops[0], opened) not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            while loops[-1] >= 0:
                loops.append(self._around[loops[-1]])
            for depth, loop in enumerate(reversed(loops)):  # the outermost first, so that none waits for another
                key = loop, opened[:depth]
                if key not in self._known:
                    self._known[key] = self._loop(*key)
        return self._known[loops[0], opened][place]

    def _loop(self, loop: int, opened: Opened) -> dict[int, NDArray[np.bool_]]:
        """Return the same for every place of the loop that a pair closes; -1 is what no pair is around."""
        steps = self._layers.steps
        place, alive = self.length, self._layers.ends
        if loop >= 0:
            place = self._nested[loop]
            outside = self._known[self._around[loop], opened[:-1]][place + 1]
            closing = [base for base in range(4) if PARTNERS[opened[-1]] >> base & 1]
            alive = _any([_gathered(steps[place][:, base], outside) for base in closing])
        found = {place: alive}
        while place > loop + 1:
            before = place - 1
            if before in self._closing:
                place = self._closing[before]
                alive = np.asarray((self._spans[place] & alive).any(axis=1))
            else:
                alive, place = _any_base(steps[before], alive), before
            found[place] = alive
        return found


def _enclosing(length: int, nested: dict[int, int]) -> list[int]:
    """Return for each layer the 5' base of the innermost nested pair around it; -1 where there is none."""
    around, open_ = [], [-1]
    closing = set(nested.values())
    for place in range(length):
        around.append(open_[-1])
        if place in nested:
            open_.append(place)
        elif place in closing:
            open_.pop()
    return [*around, -1]


def _width(layers: BaseLayers, place: int) -> int:
    return len(layers.ends) if place == len(layers.steps) else len(layers.steps[place])


def _onto(targets: NDArray[np.int64], width: int) -> NDArray[np.bool_]:
    """Return which state leads to which, ``bool [n, m]``."""
    found: NDArray[np.bool_] = np.arange(width) == targets[:, None]
    return found


def _gathered(targets: NDArray[np.int64], rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the row of each target, nothing where there is none."""
    found = rows[targets]
    found[targets < 0] = False
    return found


def _any_base(steps: NDArray[np.int64], rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return what any base leads to."""
    return _any([_gathered(steps[:, base], rows) for base in range(4)])


def _any(parts: Sequence[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Return where one of several arrays is true."""
    found: NDArray[np.bool_] = np.any(parts, axis=0)
    return found
