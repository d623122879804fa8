"""Strands of any lengths as blocks that are walked together, the longest strand first.

Shapes: B strands, T nucleotides, n resolved nucleotides of all strands, A points (see `points`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.nucleic.structure.nucleotide.beads import (
    BEADS,
    bead_frames,
    joined_to_previous,
    resolved_nucleotides,
)
from biomatrix.entities.rigid_steps.shifts import seen_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from biomatrix.entities.nucleic.structure.nucleotide.points import Points

MAX_NUCLEOTIDES: Final = 1 << 18
"""Limit of a block; it counts padding, and a single strand may exceed it."""


@dataclass(frozen=True)
class TargetBlock:
    """Strands to encode, the longest first, time first; what follows the end of a strand has no meaning.

    Parameters
    ----------
    moves : ndarray, shape=(T, B, 4, 4), dtype=float32
        The true frame of each nucleotide seen from the true one before it, acting on (x, y, z, 1).
    points : ndarray, shape=(T, B, 4, A), dtype=float32
        The weighted points of each nucleotide seen from the true frame before it; zeros for the first.
    breaks : ndarray, shape=(T, B), dtype=bool
        Whether a break lies before it; not for the first.
    lengths : ndarray, shape=(B,), dtype=int64
        Descending.
    """

    moves: NDArray[np.float32]
    points: NDArray[np.float32]
    breaks: NDArray[np.bool_]
    lengths: NDArray[np.int64]

    @cached_property
    def going(self) -> NDArray[np.int64]:
        """Strands that have a nucleotide at each time, int64 [T]."""
        return np.searchsorted(-self.lengths, -np.arange(len(self.moves)), side="left")

    def following(self, time: int, row: int) -> int:
        """Return how many nucleotides follow this one up to the next break or the end."""
        rest = self.breaks[time + 1 : self.lengths[row], row]
        return int(rest.argmax()) if rest.any() else len(rest)


@dataclass(frozen=True)
class Nucleotides:
    """Resolved nucleotides of many strands, one strand after the other.

    Parameters
    ----------
    atoms : ndarray, shape=(n, 15, 3), dtype=float64
        NaN where missing; the first C4' of each strand at the origin, so that rounding does not depend on where it is.
    places : ndarray, shape=(n,), dtype=int64
        Their rows among all nucleotides of all strands.
    counts : ndarray, shape=(number of strands,), dtype=int64
        Resolved nucleotides of each strand.
    """

    atoms: NDArray[np.float64]
    places: NDArray[np.int64]
    counts: NDArray[np.int64]

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """The first nucleotide of each strand, int64 [number of strands]."""
        return np.cumsum(self.counts) - self.counts

    @cached_property
    def first(self) -> NDArray[np.bool_]:
        """Which nucleotides are the first of their strand, bool [n]."""
        first = np.zeros(len(self.atoms), dtype=bool)
        first[self.starts[self.counts > 0]] = True
        return first

    @cached_property
    def joined(self) -> NDArray[np.bool_]:
        """Which nucleotides are bonded to the one before, bool [n]."""
        return joined_to_previous(self.atoms[:, BEADS], self.places) & ~self.first

    @cached_property
    def frames(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Frames of the nucleotides: float64 [n, 3, 3] and [n, 3]."""
        return bead_frames(self.atoms[:, BEADS])

    @cached_property
    def steps(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Each frame seen from the one before: float64 [n, 3, 3] and [n, 3]; the first of a strand has no meaning."""
        rotations, origins = self.frames
        return seen_from(np.roll(rotations, 1, 0), np.roll(origins, 1, 0), (rotations, origins))

    @cached_property
    def own(self) -> NDArray[np.float64]:
        """The atoms seen from their own frames, float64 [n, 15, 3]."""
        rotations, origins = self.frames
        return np.asarray((self.atoms - origins[:, None]) @ rotations)

    @cached_property
    def seen(self) -> NDArray[np.float64]:
        """The atoms seen from the frame before, float64 [n, 15, 3]; the first of a strand has no meaning."""
        rotations, origins = self.frames
        return np.asarray((self.atoms - np.roll(origins, 1, 0)[:, None]) @ np.roll(rotations, 1, 0))

    def blocks(
        self, points: Points, max_rows: int
    ) -> Iterator[tuple[TargetBlock, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
        """Iterate over blocks of at most ``max_rows`` strands, with the time, row and number of what they hold.

        Yields
        ------
        block : TargetBlock
        time, row, nucleotide : ndarray, shape=(nucleotides of the block,), dtype=int64
        """
        order = np.argsort(-self.counts, kind="stable")
        order = order[self.counts[order] > 0]
        start = 0
        while start < len(order):
            room = max(1, min(max_rows, MAX_NUCLEOTIDES // int(self.counts[order[start]])))
            yield self._block(order[start : start + room], points)
            start += room

    def _block(
        self, strands: NDArray[np.int64], points: Points
    ) -> tuple[TargetBlock, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        counts = self.counts[strands]
        row = np.repeat(np.arange(len(strands)), counts)
        time = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        nucleotide = np.repeat(self.starts[strands], counts) + time
        rotations, translations = self.steps
        shape = (int(counts[0]), len(strands))
        moves = np.zeros((*shape, 4, 4), dtype=np.float32)
        moves[time, row, :3, :3], moves[time, row, :3, 3] = rotations[nucleotide], translations[nucleotide]
        moves[:, :, 3, 3] = 1.0
        placed = np.zeros((*shape, 4, len(points)), dtype=np.float32)
        placed[time, row] = points.homogeneous(self.seen[nucleotide], rotations[nucleotide])
        placed[0] = 0.0
        breaks = np.zeros(shape, dtype=bool)
        breaks[time, row] = ~self.joined[nucleotide]
        breaks[0] = False
        return TargetBlock(moves, placed, breaks, counts), time, row, nucleotide


def nucleotides_of(backbones: Sequence[NDArray[np.float32]]) -> tuple[Nucleotides, NDArray[np.int64]]:
    """Return the resolved nucleotides of backbones [L, 15, 3], and their lengths L, int64."""
    lengths = np.array([len(backbone) for backbone in backbones], dtype=np.int64)
    atoms = np.concatenate([np.empty((0, 15, 3), dtype=np.float32), *backbones]).astype(np.float64)
    places = np.flatnonzero(resolved_nucleotides(atoms))
    atoms = atoms[places]
    strand = np.repeat(np.arange(len(lengths)), lengths)[places]
    counts = np.bincount(strand, minlength=len(lengths))
    first = (np.cumsum(counts) - counts)[strand]
    return Nucleotides(atoms - atoms[first, BEADS[1]][:, None], places, counts), lengths
