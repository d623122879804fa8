"""The fast closed loop: a beam over short lists of codes, chosen by how well a probe of each residue is placed.

A greedy choice by a residue's own atoms lets the direction of the chain drift; a probe with levers (see
`geometric_probe`) makes the same choice keep the direction, and few beams then do. Each wanted frame falls in a cell,
and only the codes listed for the cell are compared, so the size of the codebook costs nothing.

Every product is one small product a chain, of the same shape in any company: codes do not depend on the batch.

Shapes: B chains, T residues, M beams, C codes listed in a cell, K codes, 12 = probe (see `probe_features`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.structure.protein.geometric_codebook import BREAK, CIS, TRANS, StepCodebook
from biomatrix.structure.protein.geometric_probe import probe_features
from biomatrix.structure.protein.geometric_shifts import JumpSearch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.structure.protein.geometric_blocks import TargetBlock
    from biomatrix.structure.protein.geometric_shifts import Jump

_GROUPS_A_BEAM: Final = 4
"""The codes of a cell are dealt into this many groups; a beam goes on with at most the best of each group."""

_CODES_A_CELL: Final = 16
"""A cell of the special lists is the region around this many neighbouring codes."""

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
        C, codes compared for each residue.
    search_all_above : float
        Square Angstrom: where the best listed code places the probe worse, all trans codes are compared.
    """

    probe: NDArray[np.float64]
    centres: NDArray[np.float64]
    num_beams: int = 4
    num_candidates: int = 64
    search_all_above: float = 0.3

    def __post_init__(self) -> None:
        if self.probe.shape != (3, 4):
            raise WeightsError(f"a probe of shape {self.probe.shape} where (3, 4) is expected")
        if self.centres.ndim != 2 or self.centres.shape[1] != 12 or not len(self.centres):
            raise WeightsError(f"centres of shape {self.centres.shape} where (cells, 12) is expected")
        if not 1 <= self.num_beams <= 16:
            raise ConfigurationError(f"num_beams is {self.num_beams}: choose 1 to 16")
        if self.num_candidates < _GROUPS_A_BEAM or self.num_candidates % _GROUPS_A_BEAM:
            raise ConfigurationError(f"num_candidates is {self.num_candidates}: choose a multiple of {_GROUPS_A_BEAM}")


class CellTables:
    """Which codes are compared in which cell.

    Cells of trans codes come first; then, for cis codes and for every last digit that a residue after a jump can be
    asked to have, cells of the codes that qualify.

    Parameters
    ----------
    codebook : StepCodebook
    settings : ProbeSearch
    """

    def __init__(self, codebook: StepCodebook, settings: ProbeSearch) -> None:
        self._features = probe_features(codebook.rotations, codebook.translations, settings.probe).reshape(-1, 12)
        self._size = settings.num_candidates
        self._codes: list[NDArray[np.int64]] = []
        self._base = codebook.shifts.base if codebook.shifts is not None else 1
        trans, cis = (np.arange(len(codebook))[codebook.codes_of(kind)] for kind in (TRANS, CIS))
        self.plain = self._add(trans, settings.centres)[1]
        self.special = [self._add(cis)]
        if codebook.shifts is not None:
            self.special += [
                self._add(kind[kind % self._base == d]) for kind in (trans, cis) for d in range(self._base)
            ]
        self.codes = np.stack(self._codes)
        norms = (self._features**2).sum(axis=1)
        # Two rows more than the probe: the norm of the code, and ones for what is added to a beam's whole row.
        table = np.ones((len(self.codes), 14, self._size), dtype=np.float32)
        table[:, :12] = -2.0 * self._features[self.codes].swapaxes(1, 2)
        table[:, 12] = norms[self.codes]
        self.table = table
        self.all_trans = np.ones((14, len(trans)), dtype=np.float32)
        self.all_trans[:12] = -2.0 * self._features[trans].T
        self.all_trans[12] = norms[trans]

    def special_of(self, kind: int, digit: int | None) -> int:
        """Number of the list for a cis bond, or for a residue that must have a last digit."""
        if digit is None:
            return 0
        return 1 + (self._base if kind == CIS else 0) + digit

    def _add(
        self, codes: NDArray[np.int64], centres: NDArray[np.float64] | None = None
    ) -> tuple[int, NDArray[np.float32]]:
        """Add cells for a range of codes; return the first one's number and what finds the nearest, [13, cells]."""
        first = len(self._codes)
        if centres is None:
            parts = np.array_split(codes, max(1, len(codes) // _CODES_A_CELL))
            centres = np.stack([self._features[part].mean(axis=0) for part in parts])
        for centre in centres:
            distance = ((self._features[codes] - centre) ** 2).sum(axis=1)
            nearest = codes[np.resize(distance.argsort(kind="stable"), self._size)]
            # Deal neighbours out to different groups.
            self._codes.append(nearest.reshape(-1, _GROUPS_A_BEAM).T.ravel())
        finder = np.concatenate([-2.0 * centres.T, (centres**2).sum(axis=1)[None]])
        return first, finder.astype(np.float32)


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
        self.steps_K34 = np.concatenate([codebook.translations[:, :, None], codebook.rotations], axis=2)

    def codes(self, block: TargetBlock) -> NDArray[np.int16]:
        """Codes of a block: int16 [T, B]; what follows the end of a chain has no meaning."""
        return _Walk(self, block).codes()


class _Walk:
    """One pass over a block: the state of its beams and what they have taken so far."""

    def __init__(self, search: StepSearch, block: TargetBlock) -> None:
        self.search, self.block = search, block
        self.num_beams = search.settings.num_beams
        length, rows = block.kinds.shape
        self.rotation = block.rotations[0][:, None].repeat(self.num_beams, axis=1)
        self.origin = block.origins[0][:, None].repeat(self.num_beams, axis=1)
        self.total = np.full((rows, self.num_beams), _FAR, dtype=np.float32)
        self.total[:, 0] = 0.0  # all beams start equal: let one of them speak
        self.taken = np.zeros((length, rows, self.num_beams), dtype=np.int16)
        self.parents = np.zeros((length, rows, self.num_beams), dtype=np.int8)
        self.special = np.where(block.kinds == CIS, 0, _PLAIN).astype(np.int16)
        self.breaks = block.kinds == BREAK
        self.breaks[0] = False
        self.query = np.ones((rows, self.num_beams, 14), dtype=np.float32)

    def codes(self) -> NDArray[np.int16]:
        any_break = np.asarray(self.breaks.any(axis=1))
        any_special = np.asarray((self.special != _PLAIN).any(axis=1))
        until = 0  # up to here a jump has asked for digits
        for time in range(1, len(self.taken)):
            rows = int(self.block.going[time])
            breaks = np.flatnonzero(self.breaks[time, :rows]) if any_break[time] else ()
            jumped = [(row, self._jump(time, int(row))) for row in breaks]
            if len(jumped):
                until = max(until, time + max(len(jump.digits) for _, jump in jumped))
            self._step(time, rows, has_special=bool(any_special[time]) or time <= until)
            for row, jump in jumped:
                self.rotation[row], self.origin[row] = jump.rotation, jump.origin
                self.total[row] = _FAR
                self.total[row, 0] = 0.0
                self.taken[time, row], self.parents[time, row] = jump.code, 0
        return self._trace_back()

    def _step(self, time: int, rows: int, *, has_special: bool) -> None:
        """Move the beams of the chains still going on by one residue."""
        beams, cells = self.num_beams, self.search.cells
        rotation, origin, total = self.rotation[:rows], self.origin[:rows], self.total[:rows]
        wanted = self.block.targets[time, :rows, None].repeat(beams, axis=1)
        wanted[..., 0] -= origin
        query = self.query[:rows]
        query[:, :, :12] = (rotation.swapaxes(-1, -2) @ wanted).reshape(rows, beams, 12)
        probe = query[:, :, :12].reshape(rows * beams, 1, 12)
        query[:, :, 13] = (probe @ probe.swapaxes(1, 2)).reshape(rows, beams) + total
        first_beam = np.ascontiguousarray(query[:, :1, :13])
        cell = (first_beam @ cells.plain).argmin(axis=2)[:, 0]
        if has_special:
            for row in np.flatnonzero(self.special[time, :rows] != _PLAIN):
                first, finder = cells.special[self.special[time, row]]
                cell[row] = first + (first_beam[row, 0] @ finder).argmin()
        pick, best = _smallest(query @ cells.table.take(cell, axis=0))
        beam, candidate = np.divmod(pick, cells.table.shape[2])
        code = cells.codes.ravel()[candidate + cell[:, None] * cells.table.shape[2]]
        lost = np.flatnonzero(best[:, 0] > self.search.settings.search_all_above)
        if has_special and len(lost):
            lost = lost[self.special[time, lost] == _PLAIN]
        if len(lost):
            pick, best[lost] = _smallest(query[lost] @ cells.all_trans)
            beam[lost], code[lost] = np.divmod(pick, cells.all_trans.shape[1])
        self.total = best - best[:, :1]
        source = beam + np.arange(0, rows * beams, beams)[:, None]
        moved = rotation.reshape(-1, 3, 3).take(source, axis=0) @ self.search.steps_K34.take(code, axis=0)
        self.origin = origin.reshape(-1, 3).take(source, axis=0) + moved[..., 0]
        self.rotation = np.ascontiguousarray(moved[..., 1:])
        self.taken[time, :rows], self.parents[time, :rows] = code, beam

    def _jump(self, time: int, row: int) -> Jump:
        """Choose a jump from the best beam, and ask the residues after it for their digits."""
        block, cells = self.block, self.search.cells
        jump = self.search.jumps.choose(
            (self.rotation[row, 0], self.origin[row, 0]),
            (block.rotations[time, row], block.origins[time, row]),
            block.following(time, row),
        )
        for stage, digit in enumerate(jump.digits, start=time + 1):
            self.special[stage, row] = cells.special_of(int(block.kinds[stage, row]), digit)
        return jump

    def _trace_back(self) -> NDArray[np.int16]:
        """Codes of the beam that was best, so first, at the last residue of each chain."""
        length, num_rows, _ = self.taken.shape
        codes = np.full((length, num_rows), self.search.codebook.start_code, dtype=np.int16)
        rows, beam = np.arange(num_rows), np.zeros(num_rows, dtype=np.int64)
        ends = self.block.lengths
        for time in range(length - 1, 0, -1):
            going = int(self.block.going[time])
            here, at = rows[:going], beam[:going]
            codes[time, :going] = self.taken[time, here, at]
            # Rows past their end were only filling up: their beam starts at the end.
            beam[:going] = np.where(time < ends[:going], self.parents[time, here, at], 0)
        return codes


def _smallest(score_BMC: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Beam and code (as one number) and score of about the M smallest of each row: [B, M] each, rising.

    The best of every group of codes goes in, so a group gives a beam one successor at most.
    """
    rows, beams, size = score_BMC.shape
    groups = beams * _GROUPS_A_BEAM
    flat = score_BMC.reshape(rows, groups, -1).argmin(axis=2)
    flat += np.arange(0, rows * groups * size // _GROUPS_A_BEAM, size // _GROUPS_A_BEAM).reshape(rows, groups)
    best = score_BMC.ravel().take(flat)
    order = best.argsort(axis=1, kind="stable")[:, :beams]
    order += np.arange(0, rows * groups, groups)[:, None]
    pick = flat.ravel().take(order) - np.arange(0, rows * beams * size, beams * size)[:, None]
    return pick, best.ravel().take(order)
