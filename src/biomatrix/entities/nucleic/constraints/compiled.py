"""A template and the motifs that may not stand in it, worked through from the end: what may come next, everywhere.

For every node and state of the motifs it is known how many tokens an end is away. What cannot reach one is not offered,
so there are no dead ends, and a step is a look-up.

Legend of shapes: N nodes, M states of the motifs, behind them the dead one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.nucleic.constraints.motif_automaton import FIRST_CODON, NUM_SYMBOLS, MotifAutomaton, Offsets
from biomatrix.entities.nucleic.constraints.template import Node
from biomatrix.errors import ConfigurationError, LimitError

FAR: Final = 1 << 30
"""The distance of what cannot be reached."""
_MOST_ENTRIES: Final = 100_000_000
"""Nodes times states of motifs."""


@dataclass(frozen=True, eq=False)
class Edge:
    """One way from a node: a base, or a codon.

    Parameters
    ----------
    target : int
        The node behind it.
    symbols : ndarray, shape=(k,), dtype=int64
        What may come: bases 0 to 3 or codons 4 to 67.
    after : ndarray, shape=(M + 1, k), dtype=int32
        The state of the motifs behind each.
    bits : ndarray, shape=(k,), dtype=uint64
        The bit of each among bases, or codons.
    cost : int
        The tokens it takes.
    """

    target: int
    symbols: NDArray[np.int64]
    after: NDArray[np.int32]
    bits: NDArray[np.uint64]
    cost: int

    @property
    def is_base(self) -> bool:
        """Whether it is a base that comes."""
        return bool(self.symbols[0] < FIRST_CODON)


@dataclass(frozen=True, eq=False)
class Compiled:
    """What may come at each node.

    Parameters
    ----------
    nodes : tuple of Node
    motifs : MotifAutomaton
    start : int
        The state of the motifs behind the left flank.
    edges : tuple of tuple of Edge
        Of each node.
    distance : ndarray, shape=(N, M + 1), dtype=int32
        The fewest tokens to an end, the end token not counted; ``FAR`` where there is none.
    bases : ndarray, shape=(N, M + 1), dtype=uint8
    codons : ndarray, shape=(N, M + 1), dtype=uint64
        What may come, as bits.
    """

    nodes: tuple[Node, ...]
    motifs: MotifAutomaton
    start: int
    edges: tuple[tuple[Edge, ...], ...]
    distance: NDArray[np.int32]
    bases: NDArray[np.uint8]
    codons: NDArray[np.uint64]

    @classmethod
    def build(
        cls,
        nodes: Sequence[Node],
        motifs: MotifAutomaton,
        *,
        left: str = "",
        right: str = "",
        codon_cost: int = 1,
    ) -> Compiled:
        """Work a template through.

        Parameters
        ----------
        nodes : sequence of Node
            Every edge leads to one further on.
        motifs : MotifAutomaton
        left, right : str
            What stands before and behind, in certain letters of DNA: motifs are looked for across the borders.
        codon_cost : int
            The tokens of a codon: 1, or 3 where bases are written one by one.

        Raises
        ------
        ConfigurationError
            Nothing is such; the message names the place where it closes.
        LimitError
            The tables would be too large.
        """
        entries = len(nodes) * (motifs.size + 1)
        if entries > _MOST_ENTRIES:
            raise LimitError(
                f"{len(nodes):,} positions and {motifs.size:,} states of motifs are {entries:,} together, more than "
                f"{_MOST_ENTRIES:,}; give fewer motifs or a shorter sequence",
                limit="positions_and_states",
                actual=entries,
                allowed=_MOST_ENTRIES,
            )
        edges = _edges(nodes, motifs, codon_cost)
        distance = np.full((len(nodes), motifs.size + 1), FAR, dtype=np.int32)
        bases = np.zeros(distance.shape, dtype=np.uint8)
        codons = np.zeros(distance.shape, dtype=np.uint64)
        at_end = np.where(motifs.walks(right) < motifs.size, 0, FAR).astype(np.int32)
        for number in range(len(nodes) - 1, -1, -1):
            here = distance[number]
            if nodes[number].ends:
                here[:] = at_end
            for edge in edges[number]:
                behind = distance[edge.target].take(edge.after)
                np.minimum(here, behind.min(axis=1) + edge.cost, out=here)
                choices = np.bitwise_or.reduce((behind < FAR) * edge.bits, axis=1)
                if edge.is_base:
                    bases[number] = choices
                else:
                    codons[number] = choices
        start = motifs.walk(left)
        compiled = cls(tuple(nodes), motifs, start, edges, distance, bases, codons)
        if distance[0, start] >= FAR:
            raise ConfigurationError(compiled._closed(left, right))
        return compiled

    @property
    def length(self) -> int:
        """The fewest tokens of a sequence, the end token not counted."""
        return int(self.distance[0, self.start])

    @cached_property
    def reached(self) -> NDArray[np.bool_]:
        """Which states of the motifs are met at each node, ``bool [N, M + 1]``, whether an end is near or not."""
        reached = np.zeros(self.distance.shape, dtype=np.bool_)
        reached[0, self.start] = True
        reached[:, self.motifs.size] = False
        for number, edges in enumerate(self.edges):
            states = np.flatnonzero(reached[number])
            for edge in edges:
                reached[edge.target, edge.after[states]] = True
                reached[edge.target, self.motifs.size] = False
        return reached

    @cached_property
    def bases_left(self) -> NDArray[np.int64]:
        """The fewest and the most bases from each node to the end, whatever the motifs: ``int64 [N, 2]``."""
        found = np.zeros((len(self.nodes), 2), dtype=np.int64)
        for number in range(len(self.nodes) - 1, -1, -1):
            ways = [found[edge.target] + (1 if edge.is_base else 3) for edge in self.edges[number]]
            ways += [np.zeros(2, dtype=np.int64)] if self.nodes[number].ends else []
            found[number] = min(way[0] for way in ways), max(way[1] for way in ways)
        return found

    @cached_property
    def to_base(self) -> NDArray[np.int64]:
        """The node behind a base of each node, ``int64 [N]``, -1 where none may come."""
        return np.array([node.to_base for node in self.nodes], dtype=np.int64)

    @cached_property
    def to_codon(self) -> NDArray[np.int64]:
        """The node behind a codon of each node, ``int64 [N]``, -1 where none may come."""
        return np.array([node.to_codon for node in self.nodes], dtype=np.int64)

    @cached_property
    def most_tokens(self) -> NDArray[np.int64]:
        """The most tokens from each node to the end, whatever the motifs, ``int64 [N]``; the end token not counted."""
        found = np.zeros(len(self.nodes), dtype=np.int64)
        for number in range(len(self.nodes) - 1, -1, -1):
            found[number] = max((found[edge.target] + edge.cost for edge in self.edges[number]), default=0)
        return found

    def _closed(self, left: str, right: str) -> str:
        """Return where a template closes that no sequence fits."""
        if self.start == self.motifs.size:
            return f"no sequence is such: a motif that may not stand anywhere is in what stands before it, {left}"
        last = int(np.flatnonzero(self.reached.any(axis=1))[-1])
        node = self.nodes[last]
        if node.ends and not self.edges[last]:
            return (
                f"no sequence is such: it closes at the end, after {self.nodes[last - 1].name}, where every way meets "
                f"a motif that may not stand there{f' with {right} behind it' if right else ''}"
            )
        return (
            f"no sequence is such: it closes at {node.name}; whatever is chosen before, nothing may stand there without "
            "a motif, or a base, that is not allowed"
        )


def _edges(nodes: Sequence[Node], motifs: MotifAutomaton, codon_cost: int) -> tuple[tuple[Edge, ...], ...]:
    """Return the edges of each node; those of like nodes share their tables."""
    known: dict[tuple[Offsets, int, int, bool], tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint64]]] = {}
    tables: dict[Offsets, NDArray[np.int32]] = {}

    def edge(node: Node, mask: int, target: int, is_base: bool) -> Edge:
        rule, needs = node.rule, 0 if is_base else node.needs
        key = rule, needs, mask, is_base
        if key not in known:
            if rule not in tables:
                tables[rule] = motifs.table(rule)
            width, first = (FIRST_CODON, 0) if is_base else (NUM_SYMBOLS - FIRST_CODON, FIRST_CODON)
            chosen = np.array([bit for bit in range(width) if mask >> bit & 1], dtype=np.int64)
            after = np.ascontiguousarray(tables[rule][:, chosen + first])
            after[motifs.hits & needs != needs] = motifs.size
            known[key] = chosen + first, after, np.left_shift(np.uint64(1), chosen.astype(np.uint64))
        symbols, after, bits = known[key]
        return Edge(target, symbols, after, bits, 1 if is_base else codon_cost)

    return tuple(
        (
            *([edge(node, node.bases, node.to_base, True)] if node.bases else []),
            *([edge(node, node.codons, node.to_codon, False)] if node.codons else []),
        )
        for node in nodes
    )
