"""The closed loop: many beams over the codes nearest to where the next nucleotide is, seen from the rebuilt one.

A beam knows only where the true nucleotide is, seen from its own rebuilt one. That is small whatever the strand's
length, so float32 is enough, and neither where a strand lies nor which strands share its block can alter its codes:
every product is one small product per strand, always of the same shape.

Beams are close to each other, so where a codebook is large, the codes compared for all of them are those nearest for
the best.

Shapes: B strands, T nucleotides, M beams, C codes compared, K bonded steps, A points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.rigid_steps.probe import packed_places
from biomatrix.entities.rigid_steps.shifts import JumpSearch
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.nucleic.structure.nucleotide.codebook import NucleotideCodebook
    from biomatrix.entities.nucleic.structure.nucleotide.points import Points
    from biomatrix.entities.nucleic.structure.nucleotide.strands import TargetBlock

MAX_BEAMS: Final = 128

JUMP_PROBE: Final = np.concatenate([np.zeros((3, 1)), np.diag([4.0, 4.0, 4.0])], axis=1)
"""How close two frames are where a jump is chosen: the distance of origins, and of directions at 4 Angstrom."""

_COMPARED_AT_ONCE: Final = 1 << 17
"""Distances of a step of a block: more do not stay in the processor's cache."""

_FAR: Final = 1e9
"""Cost of a beam that does not exist, and of a code that a jump does not allow."""

_ANY: Final = -1


@dataclass(frozen=True)
class BeamSearch:
    """Settings of the search; they alter the codes.

    Parameters
    ----------
    points : Points
    num_beams : int
    num_candidates : int
        C, codes compared for each beam.
    """

    points: Points
    num_beams: int
    num_candidates: int

    def __post_init__(self) -> None:
        if not 1 <= self.num_beams <= MAX_BEAMS:
            raise ConfigurationError(f"num_beams is {self.num_beams}: choose 1 to {MAX_BEAMS}")
        if self.num_candidates < 1:
            raise ConfigurationError(f"num_candidates is {self.num_candidates}: choose 1 or more")

    @property
    def max_rows(self) -> int:
        """Strands of a block; codes do not depend on it."""
        return max(8, _COMPARED_AT_ONCE // (self.num_beams * self.num_candidates))


class StepSearch:
    """Chooses the codes of blocks of strands.

    Parameters
    ----------
    codebook : NucleotideCodebook
    settings : BeamSearch
    """

    def __init__(self, codebook: NucleotideCodebook, settings: BeamSearch) -> None:
        self.codebook, self.settings = codebook, settings
        bonded = slice(codebook.start_code)
        rotations, translations = codebook.rotations[bonded], codebook.translations[bonded]
        atoms = codebook.shapes[bonded] @ rotations.swapaxes(-1, -2) + translations[:, None]
        self.table_FK = settings.points.table(atoms, rotations)
        self.table_KF = np.ascontiguousarray(self.table_FK.T)
        self.inverse_K44 = np.zeros((codebook.start_code, 4, 4), dtype=np.float32)
        self.inverse_K44[:, :3, :3] = rotations.swapaxes(-1, -2)
        self.inverse_K44[:, :3, 3] = -(rotations.swapaxes(-1, -2) @ translations[..., None])[..., 0]
        self.inverse_K44[:, 3, 3] = 1.0
        self.num_candidates = min(settings.num_candidates, codebook.start_code)
        self.num_beams = min(settings.num_beams, self.num_candidates)
        digits = np.arange(codebook.start_code) % codebook.shifts.base
        self.refused_DK = np.where(digits == np.arange(codebook.shifts.base)[:, None], 0.0, _FAR).astype(np.float32)
        self.jumps = JumpSearch(codebook, JUMP_PROBE)

    def codes(self, block: TargetBlock, first: NDArray[np.float32] | None = None) -> NDArray[np.int16]:
        """Return the codes of a block, int16 [T, B]; what follows the end of a strand has no meaning.

        Parameters
        ----------
        block : TargetBlock
        first : ndarray, shape=(B, 4, 4), dtype=float32, optional
            Where the first true nucleotides are, seen from the rebuilt ones; where they are when not given.
        """
        return _Walk(self, block, first).codes()


class _Walk:
    """One pass over a block: the state of its beams and the codes they have chosen so far."""

    def __init__(self, search: StepSearch, block: TargetBlock, first: NDArray[np.float32] | None) -> None:
        self.search, self.block = search, block
        length, rows = block.breaks.shape
        beams = search.num_beams
        # The true nucleotide seen from each beam's rebuilt one.
        self.left = np.broadcast_to(np.eye(4, dtype=np.float32), (rows, beams, 4, 4)).copy()
        if first is not None:
            self.left[:] = first[:, None]
        self.total = np.full((rows, beams), _FAR, dtype=np.float32)
        self.total[:, 0] = 0.0  # all beams start equal, so one of them is enough
        self.choices = np.zeros((length, rows, beams), dtype=np.int16)
        self.parents = np.zeros((length, rows, beams), dtype=np.int8)
        self.digits = np.full((length, rows), _ANY, dtype=np.int16)

    def codes(self) -> NDArray[np.int16]:
        for time in range(1, len(self.choices)):
            rows = int(self.block.going[time])
            breaks = np.flatnonzero(self.block.breaks[time, :rows])
            jumps = [self._jump(time, int(row)) for row in breaks]
            self._step(time, rows)
            for row, (code, left) in zip(breaks, jumps, strict=True):
                self.left[row] = left
                self.total[row] = _FAR
                self.total[row, 0] = 0.0
                self.choices[time, row], self.parents[time, row] = code, 0
        return self._trace_back()

    def _step(self, time: int, rows: int) -> None:
        """Move the beams of the strands still going on by one nucleotide."""
        search, beams = self.search, self.search.num_beams
        left = self.left[:rows].reshape(rows, beams * 4, 4)
        points = (left @ self.block.points[time, :rows]).reshape(rows, beams, 4, -1)
        square = (points[:, :, :3] ** 2).sum(axis=(2, 3))
        wanted = points.reshape(rows, beams, -1)
        digits = self.digits[time, :rows]
        bound = np.flatnonzero(digits != _ANY)
        if search.num_candidates < search.codebook.start_code:
            candidates = self._candidates(wanted[:, :1], digits, bound)
            distances = wanted @ search.table_KF.take(candidates, axis=0).swapaxes(1, 2)
        else:
            candidates = np.broadcast_to(np.arange(search.num_candidates), (rows, search.num_candidates))
            distances = wanted @ search.table_FK
        distances += (square + self.total[:rows])[:, :, None]
        if bound.size:
            refused = search.refused_DK[digits[bound]]
            distances[bound] += np.take_along_axis(refused, candidates[bound], axis=1)[:, None]
        packed, mask = packed_places(np.asarray(distances, dtype=np.float32).reshape(rows, -1))
        packed.partition(beams - 1, axis=1)
        packed = np.sort(packed[:, :beams], axis=1)
        beam, candidate = np.divmod(packed & mask, candidates.shape[1])
        code = np.take_along_axis(candidates, candidate, axis=1)
        total = (packed & ~mask).view(np.float32)
        np.subtract(total, total[:, :1], out=self.total[:rows])
        source = beam + np.arange(0, rows * beams, beams)[:, None]
        frames = (left @ self.block.moves[time, :rows]).reshape(-1, 4, 4).take(source, axis=0)
        np.matmul(search.inverse_K44.take(code, axis=0), frames, out=self.left[:rows])
        self.choices[time, :rows], self.parents[time, :rows] = code, beam

    def _candidates(
        self, best_B1F: NDArray[np.float32], digits: NDArray[np.int16], bound: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Codes to compare for each strand, [B, C]; a jump allows only some for the rows that are bound."""
        search = self.search
        distances = (best_B1F @ search.table_FK)[:, 0]
        distances -= distances.min(axis=1, keepdims=True)
        distances[bound] += search.refused_DK[digits[bound]]
        packed, mask = packed_places(distances)
        packed.partition(search.num_candidates - 1, axis=1)
        candidates = (packed[:, : search.num_candidates] & mask).astype(np.int64)
        candidates.sort(axis=1)
        return candidates

    def _jump(self, time: int, row: int) -> tuple[int, NDArray[np.float32]]:
        """Choose a jump from the best beam and prescribe the digits after it; return its code and what is left."""
        block, search = self.block, self.search
        wanted = self.left[row, 0] @ block.moves[time, row]
        jump = search.jumps.choose(_one_first(wanted), block.following(time, row))
        self.digits[time + 1 : time + 1 + len(jump.digits), row] = jump.digits
        return jump.code, _one_last(jump.left)

    def _trace_back(self) -> NDArray[np.int16]:
        """Codes of the beam that is best, and so first, at the last nucleotide of each strand."""
        length, num_rows, _ = self.choices.shape
        codes = np.full((length, num_rows), self.search.codebook.start_code, dtype=np.int16)
        rows, beam = np.arange(num_rows), np.zeros(num_rows, dtype=np.int64)
        for time in range(length - 1, 0, -1):
            going = int(self.block.going[time])
            here, at = rows[:going], beam[:going]
            codes[time, :going] = self.choices[time, here, at]
            beam[:going] = self.parents[time, here, at]
        return codes


def _one_first(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn a matrix that acts on (x, y, z, 1) into one that acts on (1, x, y, z)."""
    return np.roll(matrix, 1, axis=(0, 1))


def _one_last(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.roll(matrix, -1, axis=(0, 1))
