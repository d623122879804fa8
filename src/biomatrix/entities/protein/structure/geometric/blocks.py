"""Chains of any lengths as blocks that are walked together, the longest chain first.

Shapes: B chains, T residues, n resolved residues of all chains.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.protein.structure.geometric.codebook import BREAK, TRANS, step_kinds
from biomatrix.entities.protein.structure.geometric.residue_frames import fitted_frames
from biomatrix.entities.rigid_steps.probe import steps_between

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

ROW_MULTIPLE: Final = 8
"""Chains still going are padded to a multiple of this many rows."""

MAX_ROWS: Final = 1024
MAX_RESIDUES: Final = 1 << 19
"""Limits of a block; the second counts padding, and a single chain may exceed it."""


@dataclass(frozen=True)
class TargetBlock:
    """Chains to encode, the longest first, time first.

    Parameters
    ----------
    steps : ndarray, shape=(T, B, 4, 4), dtype=float32
        The true step to each residue, of `steps_between`; zeros for the first and after the end of a chain.
    kinds : ndarray, shape=(T, B), dtype=int8
        Kind of the step that leads to each residue.
    lengths : ndarray, shape=(B,), dtype=int64
        Descending; B is a multiple of `ROW_MULTIPLE`.
    """

    steps: NDArray[np.float32]
    kinds: NDArray[np.int8]
    lengths: NDArray[np.int64]

    @cached_property
    def going(self) -> NDArray[np.int64]:
        """Rows to process at each residue, int64 [T]: the chains that long, up to a multiple of `ROW_MULTIPLE`."""
        times = np.arange(len(self.kinds))
        count = np.searchsorted(-self.lengths, -times, side="left")
        return np.minimum(-(-count // ROW_MULTIPLE) * ROW_MULTIPLE, len(self.lengths))

    def following(self, time: int, row: int) -> int:
        """Return how many residues follow this one up to the next break or the end."""
        rest = self.kinds[time + 1 : self.lengths[row], row] == BREAK
        return int(rest.argmax()) if rest.any() else len(rest)


@dataclass(frozen=True)
class Residues:
    """Resolved residues of many chains, one chain after the other.

    Parameters
    ----------
    atoms : ndarray, shape=(n, 3, 3), dtype=float64
        (N, CA, C), the first CA of each chain at the origin, so that rounding does not depend on where it lies.
    places : ndarray, shape=(n,), dtype=int64
        Their rows among all residues of all chains.
    counts : ndarray, shape=(number of chains,), dtype=int64
        Resolved residues of each chain.
    """

    atoms: NDArray[np.float64]
    places: NDArray[np.int64]
    counts: NDArray[np.int64]

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """The first residue of each chain, int64 [number of chains]."""
        return np.cumsum(self.counts) - self.counts

    @cached_property
    def kinds(self) -> NDArray[np.int8]:
        """Kind of the step to each residue, int8 [n]; the first of a chain is `BREAK`."""
        kinds = step_kinds(self.atoms, self.places)
        kinds[self.starts[self.counts > 0]] = BREAK
        return kinds

    @cached_property
    def frames(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Frames of the residues: float64 [n, 3, 3] and [n, 3]."""
        return fitted_frames(self.atoms)

    def blocks(
        self, probe: NDArray[np.float64], limits: Sequence[int] = ()
    ) -> Iterator[tuple[TargetBlock, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
        """Iterate over blocks, each with the time, row and number of the residues it holds.

        Parameters
        ----------
        probe : ndarray, shape=(3, 4), dtype=float64
            Its point is the origin of the frames between which the blocks' steps lead.
        limits : sequence of int
            Lengths: no block holds a chain that long and a shorter one.

        Yields
        ------
        block : TargetBlock
        time, row, residue : ndarray, shape=(residues of the block,), dtype=int64
        """
        steps = steps_between(*self.frames, probe)
        order = np.argsort(-self.counts, kind="stable")
        order = order[self.counts[order] > 0]
        ends = [int((self.counts[order] >= limit).sum()) for limit in sorted(limits, reverse=True)]
        start = 0
        for end in [*ends, len(order)]:
            while start < end:
                room = max(1, min(MAX_ROWS, MAX_RESIDUES // int(self.counts[order[start]]), end - start))
                yield self._block(order[start : start + room], steps)
                start += room

    def _block(
        self, chains: NDArray[np.int64], steps: NDArray[np.float32]
    ) -> tuple[TargetBlock, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        counts = self.counts[chains]
        row = np.repeat(np.arange(len(chains)), counts)
        time = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        residue = np.repeat(self.starts[chains], counts) + time
        shape = (int(counts[0]), -(-len(chains) // ROW_MULTIPLE) * ROW_MULTIPLE)
        # Any filling would do; zeros cost nothing where they are never read.
        placed = np.zeros((*shape, 4, 4), dtype=np.float32)
        placed[time, row] = steps[residue]
        placed[0] = 0.0
        kinds = np.full(shape, TRANS, dtype=np.int8)
        kinds[time, row] = self.kinds[residue]
        lengths = np.ones(shape[1], dtype=np.int64)
        lengths[: len(chains)] = counts
        return TargetBlock(placed, kinds, lengths), time, row, residue
