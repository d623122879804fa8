"""Which numbers of G and C are still to be had: bounds on the whole sequence, kept exactly while it is written.

For every node and state of the motifs the numbers of G and C that some way to the end has are one set, kept as the bits
of an integer, so that the bounds multiply nothing.
"""

from __future__ import annotations

from math import ceil, floor
from typing import Final

import numpy as np

from biomatrix.entities.nucleic.constraints.compiled import Compiled
from biomatrix.entities.nucleic.constraints.motif_automaton import BASES, CODONS
from biomatrix.errors import ConfigurationError, LimitError

GC_OF: Final = np.array([letters.count("G") + letters.count("C") for letters in (*BASES, *CODONS)], dtype=np.int64)
"""The G and C of each symbol, ``int64 [68]``."""
_MOST_BITS: Final = 1 << 33
_SLACK: Final = 1e-9


class GcContent:
    """The bounds on G and C of a template whose length is exact.

    Parameters
    ----------
    compiled : Compiled
    low, high : float
        Shares from 0 to 1.

    Raises
    ------
    ConfigurationError
        The length is open, or no sequence that fits is within the bounds; the message says which shares there are.
    LimitError
        The sets would take too much memory.
    """

    def __init__(self, compiled: Compiled, low: float, high: float) -> None:
        length, longest = compiled.bases_left[0].tolist()
        if length < longest:
            raise ConfigurationError(
                "a share of G and C is kept where the length is exact; give every part of the sequence an exact length"
            )
        bits = int(compiled.reached.sum()) * length
        if bits > _MOST_BITS:
            raise LimitError(
                f"a share of G and C over {length:,} bases and so many motifs takes {bits >> 33:,} GiB; give fewer "
                "motifs or a shorter sequence",
                limit="gc_bits",
                actual=bits,
                allowed=_MOST_BITS,
            )
        self._compiled = compiled
        self._least, self._most = ceil(low * length - _SLACK), floor(high * length + _SLACK)
        self._sets = _sets(compiled)
        found = self._sets[0][compiled.start]
        if not self.kept(0, compiled.start, 0):
            fewest, greatest = (found & -found).bit_length() - 1, found.bit_length() - 1
            raise ConfigurationError(
                f"no sequence of {length:,} bases has {self._least:,} to {self._most:,} G and C; those that keep the "
                f"rest have {fewest:,} to {greatest:,}, {fewest / length:.1%} to {greatest / length:.1%}"
            )

    def kept(self, node: int, state: int, written: int) -> bool:
        """Return whether the bounds can be kept from a node on, ``written`` G and C standing before it."""
        low, high = max(self._least - written, 0), self._most - written
        return high >= low and bool(self._sets[node][state] >> low & ((1 << (high - low + 1)) - 1))


def _sets(compiled: Compiled) -> list[dict[int, int]]:
    """Return the numbers of G and C that there may be from each node and state on, as bits."""
    found: list[dict[int, int]] = [{}] * len(compiled.nodes)
    dead = compiled.motifs.size
    for number in range(len(found) - 1, -1, -1):
        ends = compiled.distance[number] == 0
        here: dict[int, int] = {dead: 0}
        for state in np.flatnonzero(compiled.reached[number]).tolist():
            numbers = int(ends[state])
            for edge in compiled.edges[number]:
                behind = found[edge.target]
                following = edge.after[state].tolist()
                for count, after in zip(GC_OF[edge.symbols].tolist(), following, strict=True):
                    numbers |= behind[after] << count
            here[state] = numbers
        found[number] = here
    return found
