"""The closed loop: a beam over short lists of codes, chosen by how well a probe of each residue is placed.

A greedy choice by a residue's own atoms lets the direction of the chain drift; a probe with levers (see
`probe`) makes the same choice keep the direction, and few beams then do. Each target frame falls in a cell,
and only the codes listed for the cell are compared, so the size of the codebook costs nothing.

A beam knows only where the true residue is, seen from its own rebuilt one. That is small whatever the chain's length,
so float32 is enough, and neither where a chain lies nor which chains share its block can alter its codes: every product
is one small product per chain, always of the same shape.

Shapes: B chains, T residues, M beams, C codes listed in a cell, K codes, 16 = a frame (see `frame_matrices`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.protein.structure.geometric.codebook import BREAK, CIS, TRANS, StepCodebook
from biomatrix.entities.rigid_steps.probe import (
    distance_rows,
    frame_matrices,
    inverse_matrices,
    packed_places,
    probe_features,
    split_order,
)
from biomatrix.entities.rigid_steps.shifts import JumpSearch
from biomatrix.errors import ConfigurationError, WeightsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.protein.structure.geometric.blocks import TargetBlock
    from biomatrix.entities.rigid_steps.shifts import Jump

MAX_BEAMS: Final = 64

_CELLS_PER_GROUP: Final = 16
_CELLS_SEARCHED: Final = 32
"""Cells are found in two steps: the nearest group, then the nearest of the cells about its middle."""

_CODES_PER_PART: Final = 16
_PARTS_OF_A_WIDE_LIST: Final = 16
"""Codes of a part. Where the short list has no good code, the codes of this many parts of the codebook are compared."""

_FAR: Final = 1e9
"""Cost of a beam that does not exist."""

_PLAIN: Final = -1


@dataclass(frozen=True)
class ProbeSearch:
    """Settings of the search; they alter the codes.

    Parameters
    ----------
    probe : ndarray, shape=(3, 4), dtype=float64
    centres : ndarray, shape=(number of cells, 12), dtype=float64
        Middles of the cells of trans steps, as placed probes.
    num_beams : int
    num_candidates : int
        C, codes compared for each residue; even.
    search_all_above : float
        Square Angstrom: where the best listed code places the probe worse, a longer list is compared.
    short_chains : tuple of (int, int)
        Lengths, rising, and how many beams a chain shorter than that gets instead.
    """

    probe: NDArray[np.float64]
    centres: NDArray[np.float64]
    num_beams: int = 4
    num_candidates: int = 64
    search_all_above: float = 0.3
    short_chains: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if self.probe.shape != (3, 4):
            raise WeightsError(f"a probe of shape {self.probe.shape} where (3, 4) is expected")
        if self.centres.ndim != 2 or self.centres.shape[1] != 12 or not len(self.centres):
            raise WeightsError(f"centres of shape {self.centres.shape} where (cells, 12) is expected")
        for beams in (self.num_beams, *(beams for _, beams in self.short_chains)):
            if not 1 <= beams <= MAX_BEAMS:
                raise ConfigurationError(f"num_beams is {beams}: choose 1 to {MAX_BEAMS}")
        # Every second continuation is dropped at once, see `_successors`.
        if self.num_candidates < 2 or self.num_candidates % 2:
            raise ConfigurationError(f"num_candidates is {self.num_candidates}: choose an even number")
        if list(self.limits) != sorted(set(self.limits)):
            raise ConfigurationError(f"lengths of short chains are {self.limits}: give them rising")

    @property
    def limits(self) -> tuple[int, ...]:
        """Lengths at which the number of beams changes."""
        return tuple(length for length, _ in self.short_chains)

    def beams_of(self, length: int) -> int:
        """Return the beams of a chain of ``length`` resolved residues."""
        return next((beams for limit, beams in self.short_chains if length < limit), self.num_beams)


class CellTables:
    """Which codes are compared where.

    Trans codes have short lists by cells. Cis codes, and the codes of each last digit that a residue after a jump
    may have to have, are few: there all are compared.

    Parameters
    ----------
    codebook : StepCodebook
    settings : ProbeSearch
    """

    def __init__(self, codebook: StepCodebook, settings: ProbeSearch) -> None:
        self._probe = settings.probe
        features = probe_features(codebook.rotations, codebook.translations, settings.probe).reshape(-1, 12)
        self._rows = distance_rows(features, settings.probe)
        trans, cis = (np.arange(len(codebook))[codebook.codes_of(kind)] for kind in (TRANS, CIS))
        cells = settings.centres[split_order(settings.centres, _CELLS_PER_GROUP)]
        nearest = _nearest_rows(cells, features[trans], settings.num_candidates)
        self.codes = np.stack([np.resize(row, settings.num_candidates) for row in trans[nearest]])
        self.table = self._table(self.codes)
        groups = np.stack([part.mean(axis=0) for part in np.array_split(cells, -(-len(cells) // _CELLS_PER_GROUP))])
        self.groups = self._finder(groups)
        self.cells_of_group = _nearest_rows(groups, cells, _CELLS_SEARCHED)
        self.cells = np.ascontiguousarray(self._finder(cells).T[self.cells_of_group].swapaxes(1, 2))
        # Codes are numbered so that neighbours in number are neighbours in space.
        parts = np.array_split(trans, -(-len(trans) // _CODES_PER_PART))
        self.parts = self._finder(np.stack([features[part].mean(axis=0) for part in parts]))
        self.codes_of_part = np.stack([np.resize(part, _CODES_PER_PART) for part in parts])
        self.rows_of_part = self._rows[self.codes_of_part]
        self._base = codebook.shifts.base
        special = [cis, *(kind[kind % self._base == digit] for kind in (trans, cis) for digit in range(self._base))]
        width = max(map(len, special)) + 1 & -2
        self.special_codes = np.stack([np.resize(codes, width) for codes in special])
        self.special_table = self._table(self.special_codes)

    def special_of(self, kind: int, digit: int | None) -> int:
        """Return the number of the list for a cis bond, or for a residue that must have a last digit."""
        if digit is None:
            return 0
        return 1 + (self._base if kind == CIS else 0) + digit

    def wide_lists(self, target_B16: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return many trans codes nearest to target frames [B, 1, 16]: their numbers [B, C] and tables [B, 16, C]."""
        distance = (target_B16 @ self.parts)[:, 0]
        parts = distance.argsort(axis=1, kind="stable")[:, :_PARTS_OF_A_WIDE_LIST]
        codes = self.codes_of_part[parts].reshape(len(parts), -1)
        return codes, self.rows_of_part[parts].reshape(*codes.shape, 16).swapaxes(1, 2)

    def _finder(self, centres: NDArray[np.float64]) -> NDArray[np.float32]:
        return np.ascontiguousarray(distance_rows(centres, self._probe).T)

    def _table(self, codes: NDArray[np.int64]) -> NDArray[np.float32]:
        """Make lists of codes [lists, size] comparable: float32 [lists, 16, size]."""
        return np.ascontiguousarray(self._rows[codes].swapaxes(1, 2))


def _nearest_rows(points: NDArray[np.float64], others: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Numbers of the nearest others of each point, the nearest first: int64 [points, count or all others]."""
    distance = (others**2).sum(axis=1) - 2.0 * points @ others.T
    near = np.argpartition(distance, min(count, len(others)) - 1, axis=1)[:, :count]
    order = np.take_along_axis(distance, near, axis=1).argsort(axis=1, kind="stable")
    return np.asarray(np.take_along_axis(near, order, axis=1))


class StepSearch:
    """Chooses the codes of blocks of chains.

    Parameters
    ----------
    codebook : StepCodebook
    settings : ProbeSearch
    """

    def __init__(self, codebook: StepCodebook, settings: ProbeSearch) -> None:
        self.codebook = codebook
        self.settings = settings
        self.cells = CellTables(codebook, settings)
        self.jumps = JumpSearch(codebook, settings.probe)
        steps = frame_matrices(codebook.rotations, codebook.translations, settings.probe)
        self.inverse_K44 = inverse_matrices(steps).astype(np.float32)

    def codes(self, block: TargetBlock) -> NDArray[np.int16]:
        """Return the codes of a block, int16 [T, B]; what follows the end of a chain has no meaning."""
        return _Walk(self, block).codes()


class _Walk:
    """One pass over a block: the state of its beams and the codes they have chosen so far."""

    def __init__(self, search: StepSearch, block: TargetBlock) -> None:
        self.search, self.block = search, block
        self.num_beams = search.settings.beams_of(int(block.lengths[0]))
        length, rows = block.kinds.shape
        # The true residue seen from each beam's rebuilt one.
        self.left = np.broadcast_to(np.eye(4, dtype=np.float32), (rows, self.num_beams, 4, 4)).copy()
        self.total = np.full((rows, self.num_beams), _FAR, dtype=np.float32)
        self.total[:, 0] = 0.0  # all beams start equal, so one of them is enough
        self.choices = np.zeros((length, rows, self.num_beams), dtype=np.int16)
        self.parents = np.zeros((length, rows, self.num_beams), dtype=np.int8)
        self.special = np.where(block.kinds == CIS, 0, _PLAIN).astype(np.int16)
        self.breaks = block.kinds == BREAK
        self.breaks[0] = False

    def codes(self) -> NDArray[np.int16]:
        any_break = np.asarray(self.breaks.any(axis=1))
        any_special = np.asarray((self.special != _PLAIN).any(axis=1))
        until = 0  # up to here a jump prescribes digits
        for time in range(1, len(self.choices)):
            rows = int(self.block.going[time])
            breaks = np.flatnonzero(self.breaks[time, :rows]) if any_break[time] else ()
            jumps_here = [(row, self._jump(time, int(row))) for row in breaks]
            if len(jumps_here):
                until = max(until, time + max(len(jump.digits) for _, jump in jumps_here))
            self._step(time, rows, has_special=bool(any_special[time]) or time <= until)
            for row, jump in jumps_here:
                self.left[row] = jump.left
                self.total[row] = _FAR
                self.total[row, 0] = 0.0
                self.choices[time, row], self.parents[time, row] = jump.code, 0
        return self._trace_back()

    def _step(self, time: int, rows: int, *, has_special: bool) -> None:
        """Move the beams of the chains still going on by one residue."""
        beams, cells = self.num_beams, self.search.cells
        target = self.left[:rows].reshape(rows, beams * 4, 4) @ self.block.steps[time, :rows]
        target = target.reshape(rows, beams, 16)
        x, y, z = target[:, :, 4], target[:, :, 8], target[:, :, 12]
        target[:, :, 1] = x * x + y * y + z * z + self.total[:rows]
        best = np.ascontiguousarray(target[:, :1])
        group = (best @ cells.groups).argmin(axis=2)[:, 0]
        among = (best @ cells.cells.take(group, axis=0)).argmin(axis=2)[:, 0]
        cell = cells.cells_of_group[group, among]
        beam, candidate, total = _successors(target, cells.table.take(cell, axis=0))
        code = cells.codes.ravel().take(candidate + cell[:, None] * cells.codes.shape[1])
        lost = np.flatnonzero(total[:, 0] > self.search.settings.search_all_above)
        if has_special:
            lists = self.special[time, :rows]
            special = np.flatnonzero(lists != _PLAIN)
            lost = lost[lists[lost] == _PLAIN]
            codes, table = cells.special_codes[lists[special]], cells.special_table[lists[special]]
            beam[special], code[special], total[special] = _successors_in_lists(target[special], codes, table)
        if len(lost):
            codes, table = cells.wide_lists(best[lost])
            beam[lost], code[lost], total[lost] = _successors_in_lists(target[lost], codes, table)
        np.subtract(total, total[:, :1], out=self.total[:rows])
        target[:, :, 1] = 0.0
        source = beam + np.arange(0, rows * beams, beams)[:, None]
        frames = target.reshape(-1, 4, 4).take(source, axis=0)
        np.matmul(self.search.inverse_K44.take(code, axis=0), frames, out=self.left[:rows])
        self.choices[time, :rows], self.parents[time, :rows] = code, beam

    def _jump(self, time: int, row: int) -> Jump:
        """Choose a jump from the best beam, and prescribe the digits of the residues after it."""
        block, cells = self.block, self.search.cells
        jump = self.search.jumps.choose(self.left[row, 0] @ block.steps[time, row], block.following(time, row))
        for stage, digit in enumerate(jump.digits, start=time + 1):
            self.special[stage, row] = cells.special_of(int(block.kinds[stage, row]), digit)
        return jump

    def _trace_back(self) -> NDArray[np.int16]:
        """Codes of the beam that is best, and so first, at the last residue of each chain."""
        length, num_rows, _ = self.choices.shape
        codes = np.full((length, num_rows), self.search.codebook.start_code, dtype=np.int16)
        rows, beam = np.arange(num_rows), np.zeros(num_rows, dtype=np.int64)
        ends = self.block.lengths
        for time in range(length - 1, 0, -1):
            going = int(self.block.going[time])
            here, at = rows[:going], beam[:going]
            codes[time, :going] = self.choices[time, here, at]
            # Rows past their end were only padding: their beam starts at the end.
            beam[:going] = np.where(time < ends[:going], self.parents[time, here, at], 0)
        return codes


def _successors_in_lists(
    target_BM16: NDArray[np.float32], codes_BC: NDArray[np.int64], tables_B16C: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Beam, code and total of the best continuations of chains that have lists of their own."""
    beam, candidate, total = _successors(target_BM16, tables_B16C)
    return beam, np.take_along_axis(codes_BC, candidate, axis=1), total


def _successors(
    target_BM16: NDArray[np.float32], tables_B16C: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Beam, listed code and total of the M best continuations of each chain: [B, M] each, the best first.

    Of the same listed code in the first and the second half of the beams only the better is kept.
    """
    rows, beams, _ = target_BM16.shape
    size = tables_B16C.shape[2]
    packed, places = packed_places((target_BM16 @ tables_B16C).reshape(rows, beams * size))
    packed = np.minimum(packed[:, : beams * size // 2], packed[:, beams * size // 2 :])
    packed.partition(beams - 1, axis=1)
    packed = np.sort(packed[:, :beams], axis=1)
    beam, candidate = np.divmod(packed & places, size)
    return beam.astype(np.int64), candidate.astype(np.int64), (packed & ~places).view(np.float32)
