"""Patterns over single letters, such as ``N[^P][ST]``, as automata that know whether one has stood anywhere.

Legend of shapes: A letters of the alphabet, S states.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.constraints.pattern_syntax import Choice, Letters, Run, Tree, parse_pattern
from biomatrix.errors import ParseError

_MOST_STATES: Final = 20_000
_MOST_TABLES: Final = 64
"""Kept: a pattern is laid out once, though it is read, checked and followed."""


@dataclass
class _Net:
    """A nondeterministic automaton: edges of sets of letters, and empty edges (Thompson's construction)."""

    edges: list[list[tuple[frozenset[str], int]]] = field(default_factory=list)
    empty: list[list[int]] = field(default_factory=list)

    def node(self) -> int:
        if len(self.edges) >= _MOST_STATES:
            raise ParseError(f"the pattern has more than {_MOST_STATES:,} states; give smaller repeats", position=0)
        self.edges.append([])
        self.empty.append([])
        return len(self.edges) - 1

    def lay(self, tree: Tree, first: int) -> int:
        """Lay a tree behind a node; return the node where it ends."""
        if isinstance(tree, Run):
            for item in tree.items:
                first = self.lay(item, first)
            return first
        last = self.node()
        if isinstance(tree, Letters):
            self.edges[first].append((tree.letters, last))
        elif isinstance(tree, Choice):
            for option in tree.options:
                self.empty[self.lay(option, self._behind(first))].append(last)
        else:
            for copy in range(tree.least if tree.most is None else tree.most):
                if copy >= tree.least:
                    self.empty[first].append(last)
                first = self.lay(tree.item, self._behind(first))
            if tree.most is None:
                first = self._behind(first)
                self.empty[self.lay(tree.item, self._behind(first))].append(first)
            self.empty[first].append(last)
        return last

    def closure(self, nodes: Sequence[int]) -> frozenset[int]:
        """Return the nodes that empty edges lead to, themselves included."""
        found, front = set(nodes), list(nodes)
        while front:
            following = [node for node in self.empty[front.pop()] if node not in found]
            found.update(following)
            front += following
        return frozenset(found)

    def moves(self, alphabet: str) -> tuple[list[dict[int, int]], list[int]]:
        """Return where sets of letters that no edge tells apart lead from each node, and the set of each letter.

        Nodes together are a number with a bit for each; what empty edges lead to is among them.
        """
        masks = {to: _bits(self.closure([to])) for edges in self.edges for _, to in edges}
        sets = list({letters for edges in self.edges for letters, _ in edges})
        kinds = [tuple(letter in letters for letters in sets) for letter in alphabet]
        distinct = list(dict.fromkeys(kinds))
        found: list[dict[int, int]] = []
        for kind in distinct:
            among = {letters for letters, inside in zip(sets, kind, strict=True) if inside}
            found.append({})
            for node, edges in enumerate(self.edges):
                for letters, to in edges:
                    if letters in among:
                        found[-1][1 << node] = found[-1].get(1 << node, 0) | masks[to]
        return found, [distinct.index(kind) for kind in kinds]

    def _behind(self, first: int) -> int:
        node = self.node()
        self.empty[first].append(node)
        return node


@lru_cache(maxsize=_MOST_TABLES)
def pattern_table(pattern: str, alphabet: str) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the automaton that reads letters and knows whether a pattern has stood anywhere among them.

    Parameters
    ----------
    pattern : str
        As :mod:`biomatrix.entities.constraints.pattern_syntax` describes it.
    alphabet : str
        All letters, one column each, in order.

    Returns
    -------
    transitions : ndarray, shape=(S, A), dtype=int32
        From state 0; once the pattern has been seen the state stays.
    seen : ndarray, shape=(S,), dtype=bool

    Raises
    ------
    ParseError
        No such pattern, with the index of the character at fault; or one that may be empty.

    Examples
    --------
    >>> pattern_table("KK", "AK")[0].tolist()
    [[0, 1], [0, 2], [2, 2]]
    """
    net = _Net()
    first = net.node()
    last = 1 << net.lay(parse_pattern(pattern, alphabet), first)
    start = _bits(net.closure([first]))
    if last & start:
        raise ParseError(f"the pattern {pattern!r} may be empty, so it stands in every sequence", position=0)
    states, rows = _subsets(pattern, net.moves(alphabet), start, start, last)
    return _kept(rows, np.array([state == last for state in states]))


@lru_cache(maxsize=_MOST_TABLES)
def whole_table(pattern: str, alphabet: str) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the automaton that reads letters and knows whether all of them together are as a pattern says.

    As :func:`pattern_table`, but for states that no further letter can save: there the next state is -1.

    Examples
    --------
    >>> transitions, whole = whole_table("AK?", "AK")
    >>> transitions.tolist(), whole.tolist()
    ([[1, -1], [-1, 2], [-1, -1]], [False, True, True])
    """
    net = _Net()
    first = net.node()
    last = 1 << net.lay(parse_pattern(pattern, alphabet), first)
    states, rows = _subsets(pattern, net.moves(alphabet), _bits(net.closure([first])))
    alive = np.array([bool(state) for state in states])
    numbers = np.where(alive, np.cumsum(alive) - 1, -1)
    whole = np.array([bool(last & state) for state in states if state])
    return _kept(numbers[rows[alive]].astype(np.int32), whole)


def _kept(transitions: NDArray[np.int32], holds: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return a table that nobody changes, since whoever asks again is given the same one."""
    transitions.setflags(write=False)
    holds.setflags(write=False)
    return transitions, holds


def _bits(nodes: Iterable[int]) -> int:
    return sum(1 << node for node in nodes)


def _subsets(
    pattern: str, moves: tuple[list[dict[int, int]], list[int]], start: int, always: int = 0, found: int = 0
) -> tuple[list[int], NDArray[np.int32]]:
    """Return the sets of nodes that letters lead to from the first, and the number of the next for each letter.

    The nodes ``always`` are in every set but that of ``found`` alone, which stays once it is reached.
    """
    kinds, columns = moves
    numbers, states = {start: 0}, [start]
    rows: list[list[int]] = []
    for state in states:  # which grows meanwhile
        nodes, rest = [], state
        while rest:
            nodes.append(rest & -rest)
            rest &= rest - 1
        rows.append([])
        for kind in kinds:
            following = always
            for node in nodes:
                following |= kind.get(node, 0)
            if (following | state) & found:
                following = found
            if following not in numbers:
                numbers[following] = len(states)
                states.append(following)
                if len(states) > _MOST_STATES:
                    raise ParseError(
                        f"the pattern {pattern!r} has more than {_MOST_STATES:,} states; give smaller repeats, or "
                        "say where it stands, as in pattern=.{3}C.*",
                        position=0,
                    )
            rows[-1].append(numbers[following])
    return states, np.array(rows, dtype=np.int32)[:, columns]
