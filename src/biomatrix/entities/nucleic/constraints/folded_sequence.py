"""The automaton of a designed sequence whose base pairs are given.

Legend of shapes: R rows, n ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.entities.nucleic.constraints.base_layers import BaseLayers
from biomatrix.entities.nucleic.constraints.base_pairing import BasePairing, Opened
from biomatrix.entities.nucleic.constraints.design import Design
from biomatrix.entities.nucleic.constraints.designed_sequence import DesignedSequence
from biomatrix.entities.nucleic.constraints.motif_automaton import NUM_SYMBOLS
from biomatrix.errors import ConfigurationError, LimitError

_NUMBER, _PLACE, _STATE, _OPEN, _LEFT = range(5)
"""Columns of a state: number of the table; base, -1 at the end; state of the layer; number of what is open; tokens left."""
_END: Final = 1 << 4
_MOST_OPEN: Final = 1_000_000
Crossed = tuple[tuple[int, int], ...]
"""The places and bases of the crossing pairs that are open."""


class FoldedSequence(DesignedSequence):
    """Guides a sequence that pairs with itself.

    A row's state is (number of the table, bases written or -1 once it has ended, state of the layer, number of what is
    open, tokens left to write).

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
        self._opens: dict[tuple[Opened, Crossed], int] = {((), ()): 0}
        self._open_of: list[tuple[Opened, Crossed]] = [((), ())]
        self._found: dict[tuple[int, ...], int] = {}

    @classmethod
    def of(cls, other: DesignedSequence) -> FoldedSequence:
        """Return what another guides as one that takes base pairs."""
        if isinstance(other, FoldedSequence):
            return other
        return cls(other.name, other.start_id, other.end_id, other.symbol_ids, other.design)

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        """Return the state of one row, ``int64 [5]``; ConfigurationError where nothing fits the bounds."""
        key = (0, 3 * bounds.budget) if bounds.range is None else bounds.range
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
        return np.array([number, 0, 0, 0, bounds.budget], dtype=np.int64)

    def allowed(self, states: States) -> Sequence[Ranges]:
        """Return for each row the ids that may come next; none once it has ended."""
        answers: list[Ranges] = []
        for number, place, state, opened, _ in states.tolist():
            if place < 0:
                answers.append(np.empty((0, 2), dtype=np.int64))
                continue
            key = number, place, state, opened
            if key not in self._found:
                self._found[key] = self._choices(*key)
            bases = self._found[key], 0
            answers.append(self._ranges[bases] if bases in self._ranges else self._ranges_of(bases))
        return answers

    def _choices(self, number: int, place: int, state: int, opened: int) -> int:
        layers, pairing = self._laid[number]
        if place == len(layers.steps):
            return _END
        nested, crossed = self._open_of[opened]
        _, first = pairing.crossing(place)
        return pairing.choices(place, state, nested, dict(crossed)[first] if first >= 0 else -1)

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the states, ``int64 [R, 5]``, after one allowed id per row, ``int64 [R]``."""
        following = states.copy()
        symbols = self._symbol_of[ids - self._first].tolist()
        for row, (symbol, state) in enumerate(zip(symbols, states.tolist(), strict=True)):
            number, place, layer_state, opened, left = state
            if place < 0:
                continue
            if symbol == NUM_SYMBOLS:
                following[row] = number, -1, 0, 0, left - 1
                continue
            layers, pairing = self._laid[number]
            behind = int(layers.steps[place][layer_state, symbol])
            following[row] = number, place + 1, behind, self._behind(pairing, place, symbol, opened), left - 1
        return following

    def _behind(self, pairing: BasePairing, place: int, base: int, opened: int) -> int:
        """Return the number of what is open behind a base."""
        nested, crossed = self._open_of[opened]
        opens, first = pairing.crossing(place)
        if opens:
            crossed = (*crossed, (place, base))
        elif first >= 0:
            crossed = tuple(one for one in crossed if one[0] != first)
        key = pairing.behind(place, base, nested), crossed
        if key not in self._opens:
            if len(self._open_of) >= _MOST_OPEN:
                raise LimitError(
                    "too many sequences were begun under one set of base pairs; ask for them in several requests",
                    limit="open_pairs",
                    actual=len(self._open_of),
                    allowed=_MOST_OPEN,
                )
            self._opens[key] = len(self._open_of)
            self._open_of.append(key)
        return self._opens[key]

    def finished(self, states: States) -> NDArray[np.bool_]:
        """Return which rows have written their end token, ``bool [R]``."""
        rows: NDArray[np.bool_] = states[:, _PLACE] < 0
        return rows

    def tokens_to_close(self, states: States) -> NDArray[np.int64]:
        """Return the fewest tokens, the end token among them, that finish each row, ``int64 [R]``."""
        return np.where(states[:, _PLACE] < 0, 0, self.design.paired_length - states[:, _PLACE] + 1)
