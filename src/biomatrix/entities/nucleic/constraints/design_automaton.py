"""The automaton of a nucleic acid that is designed: what may come next at a template, as token ids.

A vocabulary writes base by base, or codons as tokens of their own beside bases; a codon written base by base is one node
of the template still, and its first and second base are kept in the state.

Legend of shapes: R rows, n ranges.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.nucleic.constraints.compiled import FAR, Compiled
from biomatrix.entities.nucleic.constraints.gc_content import GC_OF, GcContent
from biomatrix.entities.nucleic.constraints.motif_automaton import FIRST_CODON, NUM_SYMBOLS
from biomatrix.entities.table_automaton import ranges_of
from biomatrix.errors import ConfigurationError

_TABLE, _NODE, _MOTIFS, _PREFIX, _GC, _BUDGET = range(6)
"""Columns of a state: number of the table; node, -1 at the end; state of the motifs before the node; what is written of
a codon (0 nothing, 1 to 4 a base, 5 to 20 two); G and C before the node; tokens left to write."""
_DONE: Final = -1
_END: Final = 1 << 4
_GROUPS: Final = np.array(
    [[0xFFFF << 16 * base for base in range(4)]]
    + [[0xF << 16 * first + 4 * base for base in range(4)] for first in range(4)]
    + [[1 << 4 * pair + base for base in range(4)] for pair in range(16)],
    dtype=np.uint64,
)
"""The codons in which each base comes next, as bits, by what is written of the codon: ``uint64 [21, 4]``."""
_WRITTEN: Final = np.array([0] + [1] * 4 + [2] * 16)
"""How many bases of a codon are written."""
_MOST_KNOWN: Final = 200_000
"""The most states of which what may come is kept, where it is counted."""
_POWERS: Final = np.array([1, 2, 4, 8])


@dataclass(frozen=True, eq=False)
class Table:
    """A template worked through, with the bounds on it."""

    compiled: Compiled
    gc: GcContent | None = None


class DesignAutomaton(ABC):
    """Guides a designed sequence; a subclass says what is asked of it.

    Parameters
    ----------
    name : str
        The modality, for messages.
    start_id, end_id : int
        The control pair.
    symbol_ids : ndarray, shape=(68,), dtype=int64
        The ids of the bases A, C, G, T (or U) and of the codons; -1 for codons that are written base by base.
    """

    def __init__(self, name: str, start_id: int, end_id: int, symbol_ids: NDArray[np.int64]) -> None:
        self.start_id, self.end_id = start_id, end_id
        self.name, self.symbol_ids = name, symbol_ids
        written = np.flatnonzero(symbol_ids >= 0)
        self.ids: NDArray[np.int64] = np.union1d(symbol_ids[written], [end_id]).astype(np.int64)
        self._first = int(self.ids[0])
        self._symbol_of = np.full(int(self.ids[-1]) + 1 - self._first, NUM_SYMBOLS, dtype=np.int64)
        self._symbol_of[symbol_ids[written] - self._first] = written
        self._by_base = bool((symbol_ids[FIRST_CODON:] < 0).all())
        self._tables: list[Table] = []
        self._numbers: dict[tuple[int, int], int] = {}
        self._ranges: dict[tuple[int, int], Ranges] = {}
        self._known: dict[tuple[int, ...], tuple[int, int]] = {}

    @abstractmethod
    def table(self, least: int, most: int) -> Table:
        """Return what fits a range of bases. ConfigurationError where nothing does."""

    @property
    def codon_cost(self) -> int:
        """The tokens of a codon."""
        return 3 if self._by_base else 1

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [6]``; ConfigurationError where nothing fits the bounds."""
        key = (0, 3 * bounds.budget) if bounds.range is None else bounds.range
        if key not in self._numbers:
            self._tables.append(self.table(*key))
            self._numbers[key] = len(self._tables) - 1
        compiled = self._tables[self._numbers[key]].compiled
        if compiled.length + 1 > bounds.budget:
            raise ConfigurationError(
                f"{self.name} needs at least {compiled.length + 1} tokens, but only {bounds.budget} may be written; "
                "ask for a shorter answer, or allow more (max_new_tokens)"
            )
        return np.array([self._numbers[key], 0, compiled.start, 0, 0, bounds.budget], dtype=np.int64)

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        answers: list[Ranges] = [_NOTHING] * len(states)
        for number, rows in self._rows(states):
            some = states if len(rows) == len(states) else states[rows]
            bases, codons = self._choices(number, some)
            if self._by_base:
                coming = (codons[:, None] & _GROUPS[some[:, _PREFIX]]) != 0
                bases, codons = bases | coming @ _POWERS, np.zeros_like(codons)
            for row, key in zip(rows.tolist(), zip(bases.tolist(), codons.tolist(), strict=True), strict=True):
                found = self._ranges.get(key)
                answers[row] = self._ranges_of(key) if found is None else found
        return answers

    def _choices(self, number: int, states: States) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Return the bases that may come, the end as a bit behind them, and the codons, ``[R]`` each."""
        table = self._tables[number]
        compiled = table.compiled
        node, motifs = states[:, _NODE], states[:, _MOTIFS]
        ends = compiled.distance[node, motifs] == 0
        bases = compiled.bases[node, motifs] | np.where(ends, _END, 0)
        codons = compiled.codons[node, motifs]
        scarce = compiled.most_tokens[node] - _WRITTEN[states[:, _PREFIX]] + 1 > states[:, _BUDGET]
        if table.gc is not None or scarce.any():
            chosen = [self._looked_at(number, state) for state in states.tolist()]
            bases = np.array([one for one, _ in chosen], dtype=np.int64)
            codons = np.array([other for _, other in chosen], dtype=np.uint64)
        return bases, codons

    def _looked_at(self, number: int, state: Sequence[int]) -> tuple[int, int]:
        """Return the same for one row whose tokens, or G and C, are counted."""
        compiled, gc = self._tables[number].compiled, self._tables[number].gc
        node, motifs, written = state[_NODE], state[_MOTIFS], state[_GC] if gc is not None else 0
        budget = min(state[_BUDGET] + int(_WRITTEN[state[_PREFIX]]), int(compiled.most_tokens[node]) + 1)
        key = number, node, motifs, written, budget
        if key not in self._known:
            ends = compiled.distance[node, motifs] == 0 and (gc is None or gc.kept(node, motifs, written))
            found = [_END if ends else 0, 0]
            for edge in compiled.edges[node]:
                behind = compiled.distance[edge.target][edge.after[motifs]]
                for place in np.flatnonzero((behind < FAR) & (behind + edge.cost + 1 <= budget)).tolist():
                    after, more = int(edge.after[motifs, place]), int(GC_OF[edge.symbols[place]])
                    if gc is None or gc.kept(edge.target, after, written + more):
                        found[0 if edge.is_base else 1] |= int(edge.bits[place])
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = found[0], found[1]
        return self._known[key]

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 6]``, after one allowed id per row, ``int64 [R]``."""
        following = states.copy()
        following[:, _BUDGET] -= 1
        symbols = self._symbol_of[ids - self._first]
        following[symbols == NUM_SYMBOLS, _NODE] = _DONE
        for number, rows in self._rows(following):
            compiled = self._tables[number].compiled
            symbol, some = symbols[rows], following[rows]
            node = some[:, _NODE]
            if self._by_base:
                prefix = some[:, _PREFIX]
                inside = compiled.to_codon[node] >= 0
                begun = np.where(inside & (prefix < 5), 1 + symbol + 4 * prefix, 0)
                following[rows, _PREFIX] = begun
                whole = np.flatnonzero(begun == 0)
                symbol = (np.where(inside, FIRST_CODON + 4 * (prefix - 5), 0) + symbol)[whole]
                rows, some, node = rows[whole], following[rows[whole]], node[whole]
            some[:, _NODE] = np.where(symbol < FIRST_CODON, compiled.to_base[node], compiled.to_codon[node])
            some[:, _MOTIFS] = compiled.motifs.after[some[:, _MOTIFS], symbol]
            some[:, _GC] += GC_OF[symbol]
            following[rows] = some
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        rows: NDArray[np.bool_] = states[:, _NODE] == _DONE
        return rows

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens, the end token among them, that finish each row, ``int64 [R]``."""
        tokens = np.zeros(len(states), dtype=np.int64)
        for number, rows in self._rows(states):
            compiled = self._tables[number].compiled
            _, node, motifs, prefix, _, _ = states[rows].T
            tokens[rows] = compiled.distance[node, motifs] + 1
            for row in rows[prefix > 0].tolist():
                tokens[row] = self._to_close(compiled, states[row])
        return tokens

    @staticmethod
    def _to_close(compiled: Compiled, state: NDArray[np.int64]) -> int:
        """Return the same for a row amid a codon."""
        (edge,) = (edge for edge in compiled.edges[state[_NODE]] if not edge.is_base)
        fits = (edge.bits & np.bitwise_or.reduce(_GROUPS[state[_PREFIX]])) != 0
        behind = compiled.distance[edge.target][edge.after[state[_MOTIFS]][fits]]
        return int(behind.min()) + edge.cost - int(_WRITTEN[state[_PREFIX]]) + 1

    def _rows(self, states: States) -> list[tuple[int, NDArray[np.int64]]]:
        """Return each table that running rows use, with those rows."""
        running = np.flatnonzero(states[:, _NODE] != _DONE)
        numbers = states[running, _TABLE]
        if len(running) and (numbers == numbers[0]).all():
            return [(int(numbers[0]), running)]
        return [(int(number), running[numbers == number]) for number in np.unique(numbers)]

    def _ranges_of(self, key: tuple[int, int]) -> Ranges:
        """Return the ids of some bases, perhaps the end, and codons: for equal sets the same object."""
        bases, codons = key
        symbols = [base for base in range(FIRST_CODON) if bases >> base & 1]
        symbols += [FIRST_CODON + codon for codon in range(NUM_SYMBOLS - FIRST_CODON) if codons >> codon & 1]
        ids = self.symbol_ids[symbols]
        found = ranges_of(np.union1d(ids, [self.end_id]).astype(np.int64) if bases & _END else np.sort(ids))
        return self._ranges.setdefault(key, found)


_NOTHING: Final[Ranges] = np.empty((0, 2), dtype=np.int64)
