"""The automaton of SMILES strings that hold a scaffold, over the pieces of a base tokenizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Automaton, Bounds, Ranges, States
from biomatrix.entities.molecule.scaffolds.numbers import AnyNumbers
from biomatrix.entities.molecule.scaffolds.progress import Progress, Reader
from biomatrix.entities.molecule.smiles_automaton.pieces import Node, Pieces
from biomatrix.entities.table_automaton import ranges_of
from biomatrix.errors import ConfigurationError

Readings: TypeAlias = tuple[Progress, ...]
"""The ways to read a string so far: at least one of them leads to a whole one. None left once the scaffold is there."""
_NOTHING: Final[Ranges] = np.empty((0, 2), dtype=np.int64)
_MOST_MENUS: Final = 20_000


class ScaffoldAutomaton:
    """Guides a SMILES string that holds a scaffold, and keeps whatever else another automaton of SMILES keeps.

    Both read the string side by side; once the scaffold is there the other one goes on alone. Where they allow nothing
    in common, as where the scaffold leaves no room for the asked number of atoms, the scaffold comes first; the other
    is left, and what it kept is for the finished molecule to show. So it is once a scaffold with rings begins, whose
    numbers the other would not write.

    A row's state is (readings, tokens left to write, the other's state or None where it was left, ended or not).

    Parameters
    ----------
    base : Automaton
        Of SMILES strings over the same pieces.
    spelling : mapping of int to str
        The text of the base tokenizer's pieces, by id.
    text : str
        The scaffold: see :func:`biomatrix.entities.molecule.scaffolds.text.scaffold_text`.
    """

    def __init__(self, base: Automaton, spelling: Mapping[int, str], text: str) -> None:
        self.start_id, self.end_id, self.ids = base.start_id, base.end_id, base.ids
        self._base = base
        self._pieces = Pieces(spelling)
        self._reader = Reader(_machine(), text)
        self._menus: dict[Readings, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
        self._ranges: dict[bytes, Ranges] = {}

    def start(self, bounds: Bounds) -> NDArray[Any]:
        """Return the state of one row, ``object [4]``; ConfigurationError where no string fits the bounds."""
        readings = (self._reader.start,)
        needed = self._cost(readings) + 1
        if needed > bounds.budget:
            raise ConfigurationError(
                f"the scaffold takes up to {needed} tokens, but only {bounds.budget} may be written; allow more "
                "(max_new_tokens)"
            )
        return _row(readings, bounds.budget, self._base.start(bounds), False)

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        return [_NOTHING if ended else self._allowed(*rest) for *rest, ended in states]

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``object [R, 4]``, after one allowed id per row, ``int64 [R]``."""
        following = np.empty_like(states)
        for row, ((readings, tokens, other, ended), id_) in enumerate(zip(states, ids.tolist(), strict=True)):
            ends = ended or id_ == self.end_id
            if not ends and other is not None:
                other = self._base.advance(other[None], np.array([id_]))[0] if _holds(self._other(other), id_) else None
            if not ends and (readings or other is None):
                readings = self._read(readings, self._pieces.by_id[id_])
                if other is not None and any(map(self._reader.done, readings)):
                    readings = ()
            following[row] = _row(readings, tokens - 1, other, ends)
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        return states[:, 3].astype(bool)

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the tokens, the end token among them, that surely finish each row, ``int64 [R]``."""
        rows = [0 if ended else self._to_close(readings, other) for readings, _, other, ended in states]
        return np.array(rows, dtype=np.int64)

    def _to_close(self, readings: Readings, other: NDArray[Any] | None) -> int:
        if readings or other is None:
            return self._cost(readings) + 1
        return int(self._base.tokens_to_close(other[None])[0])

    def _other(self, state: NDArray[Any]) -> Ranges:
        return self._base.allowed(state[None])[0]

    def _allowed(self, readings: Readings, tokens: int, other: NDArray[Any] | None) -> Ranges:
        if not readings and other is not None:
            return self._other(other)
        ids, costs = self._menu(readings)
        fits = ids[costs + 2 <= tokens]
        if any(map(self._reader.ends, readings)):
            fits = np.union1d(fits, [self.end_id])
        if not len(fits):  # plans are bounds, and may fall short of one another by a token
            fits = ids[costs == costs.min()]
        if other is not None:
            shared = fits[_within(self._other(other), fits)]
            fits = shared if len(shared) else fits
        key = fits.tobytes()
        if key not in self._ranges:
            self._ranges[key] = ranges_of(fits)
        return self._ranges[key]

    def _menu(self, readings: Readings) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pieces that may come, ascending, and the characters it takes to finish behind each."""
        if readings not in self._menus:
            if len(self._menus) >= _MOST_MENUS:
                self._menus.clear()
            found: list[tuple[int, int]] = []
            for trie in (self._pieces.growing, self._pieces.numbered, self._pieces.returning):
                self._walk(readings, trie, found)
            table = np.array(sorted(found), dtype=np.int64).reshape(-1, 2)
            self._menus[readings] = table[:, 0], table[:, 1]
        return self._menus[readings]

    def _walk(self, readings: Readings, node: Node, found: list[tuple[int, int]]) -> None:
        for character, child in node.children.items():
            after = self._step(readings, character)
            if after:
                if child.ids:
                    cost = self._cost(after)
                    found += ((id_, cost) for id_ in child.ids)
                self._walk(after, child, found)

    def _read(self, readings: Readings, piece: str) -> Readings:
        for character in piece:
            readings = self._step(readings, character)
        if not readings:
            raise ConfigurationError(f"{piece!r} may not come here in a SMILES string with the scaffold")
        return readings

    def _step(self, readings: Readings, character: str) -> Readings:
        after = (one for reading in readings for one in self._reader.following(reading, character))
        return tuple(dict.fromkeys(after))

    def _cost(self, readings: Readings) -> int:
        """Return the characters that surely finish a string."""
        plans = (self._reader.finish(reading) for reading in readings)
        return min(plan.characters for plan in plans if plan is not None)


@cache
def _machine() -> AnyNumbers:
    """The machine of all scaffolds, so that each learns from what the others met."""
    return AnyNumbers()


def _row(readings: Readings, tokens: int, other: NDArray[Any] | None, ended: bool) -> NDArray[Any]:
    row = np.empty(4, dtype=object)
    for column, value in enumerate((readings, tokens, other, ended)):
        row[column] = value
    return row


def _within(ranges: Ranges, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which ids lie in ranges, ``bool [n]``."""
    places = np.searchsorted(ranges[:, 0], ids, side="right") - 1
    found: NDArray[np.bool_] = (places >= 0) & (ids < ranges[np.maximum(places, 0), 1])
    return found


def _holds(ranges: Ranges, id_: int) -> bool:
    return bool(_within(ranges, np.array([id_]))[0])
