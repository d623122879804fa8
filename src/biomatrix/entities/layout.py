"""The order of a composite's parts: which may come where, and how many of each.

A layout is a row of slots. It is compiled once to a finite automaton over *items*: the composite's parts, and one item
that stands for any token of its own.

Legend: S states, I items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError

OWN: Final = "own tokens"
"""The item that stands for any token of the composite's own."""

MAX_REPEATS: Final = 1_000
"""The most repeats that a slot counts; a larger number is written as ``most=None``."""

MAX_STATES: Final = 100_000
"""The most states that a layout may need: about the repeats of all its slots together where their items differ."""

_Place: TypeAlias = tuple[int, int]
"""A slot, and how many items it holds already."""


@dataclass(frozen=True)
class Slot:
    """One place of a layout.

    Parameters
    ----------
    parts : tuple of str
        Names of modalities, any one of which may stand here.
    own : bool
        Whether a token of the composite's own may stand here.
    least : int
        How many stand here at least.
    most : int or None
        How many at most; None for any number.

    Examples
    --------
    >>> layout = Slot(("protein_structure",)), Slot(("molecule_structure",), most=None)  # one protein, then ligands
    """

    parts: tuple[str, ...] = ()
    own: bool = False
    least: int = 1
    most: int | None = 1

    def __post_init__(self) -> None:
        if not self.parts and not self.own:
            raise ConfigurationError("a slot of a layout names the parts that may stand there, or own=True")
        most = self.least if self.most is None else self.most
        if not 0 <= self.least <= most <= MAX_REPEATS or self.most == 0:
            raise ConfigurationError(
                f"a slot holds from 0 to {MAX_REPEATS:,} items (most=None: any number), not {self.least} to {self.most}"
            )

    @property
    def items(self) -> tuple[str, ...]:
        """The items that may stand here."""
        return (*self.parts, OWN) if self.own else self.parts

    def after(self, count: int) -> int | None:
        """Return the count after one more item, None where it is full; without a limit it stops at ``least``."""
        if self.most is None:
            return min(count + 1, self.least)
        return count + 1 if count < self.most else None


@dataclass(frozen=True, eq=False)
class Order:
    """A layout as a finite automaton; state 0 is the start.

    Parameters
    ----------
    items : tuple of str
        Names of parts, and OWN.
    transitions : ndarray, shape=(S, I), dtype=int32
        The next state, -1 where the item may not come.
    accepting : ndarray, shape=(S,), dtype=bool
        The states in which the composite may end.
    """

    items: tuple[str, ...]
    transitions: NDArray[np.int32]
    accepting: NDArray[np.bool_]

    def next(self, state: int, item: str) -> int:
        """Return the state after an item, -1 where it may not come."""
        return int(self.transitions[state, self.items.index(item)]) if item in self.items else -1

    def expected(self, state: int) -> str:
        """Return what may come in a state, in words."""
        names = [item for item in self.items if self.next(state, item) >= 0]
        return " or ".join(names + ["the end"] * bool(self.accepting[state]))


def compile_layout(layout: Sequence[Slot]) -> Order:
    """Return a layout as an automaton that accepts exactly the orders of items that the layout allows.

    Raises
    ------
    ConfigurationError
        It would need more than `MAX_STATES` states.
    """
    items = tuple(dict.fromkeys(item for slot in layout for item in slot.items))
    start = _closure(layout, {(0, 0)})
    numbers = {start: 0}
    rows: list[list[int]] = []
    queue = [start]
    for places in queue:
        row = []
        for item in items:
            following = _after(layout, places, item)
            if following and following not in numbers:
                if len(numbers) == MAX_STATES:
                    raise ConfigurationError(
                        f"a layout of {len(layout)} slots needs more than {MAX_STATES:,} states; let its slots count "
                        "fewer items (most=None: any number), or share fewer of them"
                    )
                numbers[following] = len(numbers)
                queue.append(following)
            row.append(numbers.get(following, -1))
        rows.append(row)
    transitions = np.array(rows, dtype=np.int32).reshape(len(rows), len(items))
    return Order(items, transitions, np.array([(len(layout), 0) in places for places in queue]))


def _after(layout: Sequence[Slot], places: frozenset[_Place], item: str) -> frozenset[_Place]:
    """Return where an item may lead from any of some places; empty where it may not come."""
    reached: set[_Place] = set()
    for slot, count in places:
        if slot < len(layout) and item in layout[slot].items:
            following = layout[slot].after(count)
            if following is not None:
                reached.add((slot, following))
    return _closure(layout, reached)


def _closure(layout: Sequence[Slot], places: set[_Place]) -> frozenset[_Place]:
    """Return the places and those behind them that are reached without another item."""
    reached = set(places)
    for slot, count in sorted(places):
        following = slot
        items_held = count
        while following < len(layout) and items_held >= layout[following].least:
            following, items_held = following + 1, 0
            reached.add((following, 0))
    return frozenset(reached)
