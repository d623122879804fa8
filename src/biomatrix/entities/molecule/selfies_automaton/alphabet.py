"""The symbols that a vocabulary holds, each a class of ids, and the ranges of any set of classes.

Legend of shapes: N ids, C classes, n ranges.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Automaton, Ranges
from biomatrix.entities.molecule.selfies_automaton.roles import ATOM, CLOSES, NOTHING, OPENS, Role, digit_of, role_of
from biomatrix.entities.table_automaton import ranges_of

DOT: Final = "."
Effect: TypeAlias = tuple[int, int, int, int]
"""Kind, order and size of the role of a token, and its class: what a step takes, in the tuple that is read quickest."""
_MOST_SETS: Final = 4096


class Alphabet:
    """Symbols by what they do, and their ids.

    Parameters
    ----------
    entries : iterable of (str, bool, bool, int)
        Of every token: its symbol, whether it may be an atom, whether it may be a branch, ring or index, its id.
    end_id : int

    Attributes
    ----------
    symbols : list of str
        By class.
    roles : list of Role
        By class; NOTHING where the vocabulary lacks the token of that role.
    digits : list of int
        By class; -1 where it is no index.
    class_effects : list of Effect
        By class, the end token's behind the others.
    effects : dict of int to Effect
        The same by id.
    """

    def __init__(self, entries: Iterable[tuple[str, bool, bool, int]], end_id: int) -> None:
        self.symbols: list[str] = []
        self.roles: list[Role] = []
        self.digits: list[int] = []
        self._members: list[list[int]] = []
        self._numbers: dict[tuple[str, bool, bool], int] = {}
        self._ranges: dict[frozenset[int], Ranges] = {}
        self._digit_ranges: dict[int, Ranges] = {}
        for symbol, is_atom, is_index, id_ in entries:
            self._add(symbol, is_atom, is_index, id_)
        self.end_class = len(self._members)
        self._members.append([end_id])
        self.dot_class = self._numbers.get((DOT, False, False), -1)
        self.class_effects = [(one.kind, one.order, one.size, number) for number, one in enumerate(self.roles)]
        self.class_effects.append((NOTHING, 0, 0, self.end_class))
        self.effects: dict[int, Effect] = {
            id_: effect for effect, ids in zip(self.class_effects, self._members, strict=True) for id_ in ids
        }
        numbers = range(len(self.roles))
        self.atoms = [number for number in numbers if self.roles[number].kind == ATOM]
        self.branches = self._counted(OPENS)
        self.rings = self._counted(CLOSES)
        self.digit_classes: list[list[int]] = [[n for n in numbers if self.digits[n] == digit] for digit in range(16)]

        self._digit_ids = sorted(
            (id_, digit)
            for digit, numbers in enumerate(self.digit_classes)
            for n in numbers
            for id_ in self._members[n]
        )

    def _add(self, symbol: str, is_atom: bool, is_index: bool, id_: int) -> None:
        key = (symbol, is_atom, is_index)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._members)
            role = Role(NOTHING, 0, 0) if symbol == DOT else role_of(symbol)
            held = is_atom if role.kind == ATOM else is_index
            usable = held and role.order <= role.size if role.kind == ATOM and role.marked else held
            self.symbols.append(symbol)
            self.roles.append(role if usable and role.size >= 0 else Role(NOTHING, 0, 0))
            self.digits.append(digit_of(symbol) if is_index else -1)
            self._members.append([])
        self._members[number].append(id_)

    def _counted(self, kind: int) -> dict[tuple[int, int], list[int]]:
        """Return the classes of branches or rings by (index symbols, order)."""
        found: dict[tuple[int, int], list[int]] = {}
        for number, role in enumerate(self.roles):
            if role.kind == kind:
                found.setdefault((role.size, role.order), []).append(number)
        return found

    def ids_of(self, symbol: str, is_atom: bool) -> list[int]:
        """Return the ids of a symbol as an atom, or as branch, ring, index or dot, ascending."""
        keys = [key for key in self._numbers if key[0] == symbol and (symbol == DOT or key[1 if is_atom else 2])]
        return sorted(id_ for key in keys for id_ in self._members[self._numbers[key]])

    def ranges(self, classes: Iterable[int]) -> Ranges:
        """Return the ids of a set of classes as ranges, ``int64 [n, 2]``: for equal sets the same object."""
        key = frozenset(classes)
        ranges = self._ranges.get(key)
        if ranges is None:
            if len(self._ranges) >= _MOST_SETS:
                self._ranges.clear()
            ids: NDArray[np.int64] = np.array(sorted(id_ for n in key for id_ in self._members[n]), dtype=np.int64)
            ranges = self._ranges[key] = ranges_of(ids)
        return ranges

    def digit_ranges(self, digits: int) -> Ranges:
        """Return the ids of index symbols as ranges; bit i is set where that of value i is among them."""
        ranges = self._digit_ranges.get(digits)
        if ranges is None:
            if len(self._digit_ranges) >= _MOST_SETS:
                self._digit_ranges.clear()
            edges: list[int] = []
            for id_, digit in self._digit_ids:  # a dozen: lists are quicker than arrays
                if digits >> digit & 1:
                    if edges and edges[-1] == id_:
                        edges[-1] = id_ + 1
                    else:
                        edges += (id_, id_ + 1)
            ranges = self._digit_ranges[digits] = np.array(edges, dtype=np.int64).reshape(-1, 2)
        return ranges


@runtime_checkable
class Spelt(Automaton, Protocol):
    """An automaton of tokens that hold SELFIES symbols."""

    alphabet: Alphabet
