"""How many sequences fit a template, exactly, and which they are: numbered, drawn evenly, or drawn by codon usage.

Legend of shapes: N nodes, M states of the motifs, k symbols of an edge, R sequences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.nucleic.constraints.compiled import FAR, Compiled, Edge
from biomatrix.entities.nucleic.constraints.motif_automaton import BASES, CODONS, FIRST_CODON, NUM_SYMBOLS
from biomatrix.errors import ConfigurationError

_LETTERS: Final[tuple[str, ...]] = (*BASES, *CODONS)


@dataclass(frozen=True, eq=False)
class Solutions:
    """All sequences that fit.

    Parameters
    ----------
    compiled : Compiled
    """

    compiled: Compiled

    @cached_property
    def _counts(self) -> list[list[int]]:
        """The ways to an end from each node and state, 0 from the dead one."""
        compiled = self.compiled
        at_end = (compiled.distance == 0).tolist()
        counts: list[list[int]] = [[]] * len(compiled.nodes)
        for number in range(len(counts) - 1, -1, -1):
            here = [int(ends) for ends in at_end[number]]
            live = np.flatnonzero((compiled.distance[number] < FAR) & compiled.reached[number])
            for edge in compiled.edges[number]:
                behind = counts[edge.target]
                for state, following in zip(live.tolist(), edge.after[live].tolist(), strict=True):
                    here[state] += sum([behind[each] for each in following])
            counts[number] = here
        return counts

    @property
    def total(self) -> int:
        """How many there are."""
        return self._counts[0][self.compiled.start]

    def nth(self, number: int) -> str:
        """Return the sequence of a number from 0 to ``total`` - 1, in letters of DNA; each has its own.

        Raises
        ------
        ConfigurationError
            There is none of that number.
        """
        if not 0 <= number < self.total:
            raise ConfigurationError(f"there are {self.total:,} sequences, numbered from 0; none is {number:,}")
        compiled = self.compiled
        node, state, letters = 0, compiled.start, []
        while True:
            if compiled.distance[node, state] == 0:
                if number == 0:
                    return "".join(letters)
                number -= 1
            edge, chosen, number = self._chosen(node, state, number)
            letters.append(_LETTERS[edge.symbols[chosen]])
            node, state = edge.target, int(edge.after[state, chosen])

    def _chosen(self, node: int, state: int, number: int) -> tuple[Edge, int, int]:
        for edge in self.compiled.edges[node]:
            behind = self._counts[edge.target]
            for chosen, following in enumerate(edge.after[state].tolist()):
                if number < behind[following]:
                    return edge, chosen, number
                number -= behind[following]
        raise AssertionError("the counts of a node are the sum of those behind it")

    def drawn(self, count: int, generator: np.random.Generator) -> list[str]:
        """Return sequences drawn evenly and independently from all that there are, in letters of DNA."""
        size = self.total.bit_length() // 8 + 9  # 64 bits more than the total has: the remainder is even to 2**-64
        return [self.nth(int.from_bytes(generator.bytes(size), "little") % self.total) for _ in range(count)]

    def drawn_by_usage(self, count: int, usage: Mapping[str, float], generator: np.random.Generator) -> list[str]:
        """Return sequences drawn with a probability in proportion to the product of the weights of their codons.

        Parameters
        ----------
        count : int
        usage : mapping of str to float
            Weights of codons of DNA, at least 0; 1 where none is given. Bases outside codons weigh 1.
        generator : numpy.random.Generator

        Raises
        ------
        ConfigurationError
            A weight that is none, or nothing that fits has a weight above 0.
        """
        weights = np.array([1.0] * FIRST_CODON + [float(usage.get(codon, 1.0)) for codon in CODONS])
        if not (np.isfinite(weights) & (weights >= 0)).all():
            raise ConfigurationError("weights of codons are numbers of at least 0")
        masses, scales = self._masses(weights)
        if not masses[0, self.compiled.start] > 0:
            raise ConfigurationError("no sequence that fits has only codons of a weight above 0; give them some")
        node = np.zeros(count, dtype=np.int64)
        state = np.full(count, self.compiled.start)
        written: list[NDArray[np.int64]] = []
        while (node >= 0).any():
            symbols = np.full(count, NUM_SYMBOLS, dtype=np.int64)
            for number in np.unique(node[node >= 0]).tolist():
                rows = np.flatnonzero(node == number)
                shares = self._shares(number, state[rows], weights, masses, scales)
                symbols[rows], node[rows], state[rows] = self._drawn(number, state[rows], shares, generator)
            written.append(symbols)
        table = np.array([*_LETTERS, ""])
        return ["".join(row) for row in table[np.stack(written, axis=1)].tolist()]

    def _masses(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weights of all ways to an end, ``float64 [N, M + 1]``, and the logarithm of each node's unit."""
        compiled = self.compiled
        masses = np.zeros(compiled.distance.shape)
        scales = np.zeros(len(masses))
        for number in range(len(masses) - 1, -1, -1):
            ways = [((compiled.distance[number] == 0).astype(np.float64), 0.0)]
            for edge in compiled.edges[number]:
                ways.append((masses[edge.target][edge.after] @ weights[edge.symbols], scales[edge.target]))
            scales[number] = max((log + np.log(way.max()) for way, log in ways if way.any()), default=0.0)
            for way, log in ways:
                masses[number] += way * np.exp(log - scales[number])
        return masses, scales

    def _shares(
        self,
        number: int,
        states: NDArray[np.int64],
        weights: NDArray[np.float64],
        masses: NDArray[np.float64],
        scales: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return the weight of the end, and of each symbol of each edge of a node, ``float64 [R, 1 + k]``."""
        compiled = self.compiled
        shares = [(compiled.distance[number, states] == 0)[:, None] * np.exp(-scales[number])]
        for edge in compiled.edges[number]:
            behind = masses[edge.target][edge.after[states]] * weights[edge.symbols]
            shares.append(behind * np.exp(scales[edge.target] - scales[number]))
        return np.concatenate(shares, axis=1)

    def _drawn(
        self, number: int, states: NDArray[np.int64], shares: NDArray[np.float64], generator: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the symbol that each row draws, the node behind it, -1 at the end, and the state there."""
        edges = self.compiled.edges[number]
        sums = np.cumsum(shares, axis=1)
        points = generator.random(len(states)) * sums[:, -1]
        chosen = np.minimum((sums <= points[:, None]).sum(axis=1), shares.shape[1] - 1)
        symbols = np.concatenate([np.array([NUM_SYMBOLS]), *(edge.symbols for edge in edges)])
        targets = np.concatenate([np.array([-1]), *(np.full(len(edge.symbols), edge.target) for edge in edges)])
        after = np.concatenate([states[:, None], *(edge.after[states] for edge in edges)], axis=1)
        return symbols[chosen], targets[chosen], after[np.arange(len(states)), chosen]
