"""The automaton of a designed sequence whose base pairs are given.

Legend of shapes: R rows, P registers of open pairs, n ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.nucleic.constraints.base_layers import BaseLayers
from biomatrix.entities.nucleic.constraints.base_pairing import BasePairing, Opened, PairCourse
from biomatrix.entities.nucleic.constraints.design import Design
from biomatrix.entities.nucleic.constraints.designed_sequence import DesignedSequence
from biomatrix.entities.nucleic.constraints.motif_automaton import NUM_SYMBOLS
from biomatrix.errors import ConfigurationError, LimitError

_NUMBER, _PLACE, _STATE, _LEFT, _OPEN = range(5)
"""Columns of a state: the table; bases written, -1 at the end; state of the layer; tokens left; from there on the 5'
bases of open pairs."""
_END: Final = 1 << 4
_MOST_FOUND: Final = 100_000


class FoldedSequence(DesignedSequence):
    """Guides a sequence that pairs with itself.

    A row's state is (number of the table, bases written or -1 once it has ended, state of the layer, tokens left to
    write, the 5' bases of nested pairs that are open, those of pairs that cross).

    Parameters
    ----------
    name : str
        The modality, for messages.
    start_id, end_id : int
        The control pair.
    symbol_ids : ndarray, shape=(68,), dtype=int64
    design : Design
    """

    def __init__(
        self, name: str, start_id: int, end_id: int, symbol_ids: NDArray[np.int64], design: Design | None = None
    ) -> None:
        super().__init__(name, start_id, end_id, symbol_ids, design)
        if not self._by_base:
            raise ConfigurationError(f"base pairs are kept base by base; {name} writes codons, ask for rna_sequence")
        self._layers: dict[tuple[int, int], int] = {}
        self._laid: list[tuple[BaseLayers, BasePairing]] = []
        self._found: dict[tuple[int, int, int, Opened, int], int] = {}
        self._course = PairCourse(self.design.pairs, self.design.paired_length)

    @classmethod
    def of(cls, other: DesignedSequence) -> FoldedSequence:
        """Return what another guides as one that takes base pairs."""
        if isinstance(other, FoldedSequence):
            return other
        return cls(other.name, other.start_id, other.end_id, other.symbol_ids, other.design)

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [4 + P]``; ConfigurationError where nothing fits the bounds."""
        key = self.lengths(bounds)
        if key not in self._layers:
            table = self.table(*key)
            try:
                layers = BaseLayers.of(table.compiled, table.gc)
            except LimitError:
                if table.gc is None:
                    raise
                layers = BaseLayers.of(table.compiled)  # the share is then judged once a sequence is finished
            self._laid.append((layers, BasePairing(layers, self.design.pairs)))
            self._layers[key] = len(self._laid) - 1
        number = self._layers[key]
        length = len(self._laid[number][0].steps)
        if length != self.design.paired_length:
            raise ConfigurationError(
                f"the base pairs are of {self.design.paired_length:,} bases, and what else is asked for has {length:,}"
            )
        if length + 1 > bounds.budget:
            raise ConfigurationError(
                f"{self.name} needs {length + 1} tokens, but only {bounds.budget} may be written; ask for a shorter "
                "answer, or allow more (max_new_tokens)"
            )
        state = np.zeros(_OPEN + self._course.registers, dtype=np.int64)
        state[_NUMBER], state[_LEFT] = number, bounds.budget
        return state

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        answers: list[Ranges] = []
        for row in states.tolist():
            if row[_PLACE] < 0:
                answers.append(np.empty((0, 2), dtype=np.int64))
                continue
            bases = self._bases_at(row), 0
            answers.append(self._ranges[bases] if bases in self._ranges else self._ranges_of(bases))
        return answers

    def _bases_at(self, row: list[int]) -> int:
        """Return the bases that may come, and the end behind them, as bits."""
        number, place, state = row[_NUMBER], row[_PLACE], row[_STATE]
        layers, pairing = self._laid[number]
        if place == len(layers.steps):
            return _END
        opened = tuple(row[_OPEN : _OPEN + self._course.depths[place]])
        register = self._course.closes[place]
        key = number, place, state, opened, row[_OPEN + register] if register >= 0 else -1
        if key not in self._found:
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            self._found[key] = pairing.choices(*key[1:])
        return self._found[key]

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 4 + P]``, after one allowed id per row, ``int64 [R]``."""
        following = states.copy()
        following[:, _LEFT] -= 1
        symbols = self._symbol_of[ids - self._first].tolist()
        for row, (symbol, state) in enumerate(zip(symbols, states.tolist(), strict=True)):
            place = state[_PLACE]
            if place < 0:
                continue
            if symbol == NUM_SYMBOLS:
                following[row, _PLACE] = -1
                continue
            layers, _ = self._laid[state[_NUMBER]]
            following[row, _PLACE], following[row, _STATE] = place + 1, layers.steps[place][state[_STATE], symbol]
            if self._course.opens[place] >= 0:
                following[row, _OPEN + self._course.opens[place]] = symbol
        return following

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        rows: NDArray[np.bool_] = states[:, _PLACE] < 0
        return rows

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens, the end token among them, that finish each row, ``int64 [R]``."""
        return np.where(states[:, _PLACE] < 0, 0, self.design.paired_length - states[:, _PLACE] + 1)
