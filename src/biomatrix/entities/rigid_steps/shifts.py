"""Jumps over chain breaks made finer by the residues that follow them.

A jump code alone is Angstroms off. The last digits of the codes of the next residues name corrections, so the frame
after a break is known closely before its segment is placed, and no position carries more than one code.

Shapes: B chains, T residues, S stages, D shifts per stage, H hypotheses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from biomatrix.entities.rigid_steps.probe import (
    distance_rows,
    frame_matrices,
    inverse_matrices,
    packed_places,
    probe_features,
)
from biomatrix.errors import WeightsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Frame = tuple[NDArray[np.float64], NDArray[np.float64]]

HYPOTHESES = 8
"""Jumps, with their shifts, kept while choosing; few are enough, since each stage has its own scale."""


@dataclass(frozen=True, eq=False)
class JumpShifts:
    """Corrections of a jump, one after the other, each named by the last digit of a code after it.

    The residue after a break has a jump code. The codes of the next S residues keep their own steps; besides,
    code ``c`` moves the whole segment by shift ``c % D`` of its stage.

    Parameters
    ----------
    rotations : ndarray, shape=(S, D, 3, 3), dtype=float64
    translations : ndarray, shape=(S, D, 3), dtype=float64
        In Angstrom, seen from the frame that the jump and the shifts before have reached.
    """

    rotations: NDArray[np.float64]
    translations: NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = self.translations.shape
        if len(shape) != 3 or min(shape) < 1 or self.rotations.shape != (*shape, 3) or shape[-1] != 3:
            raise WeightsError(f"shifts of shapes {self.rotations.shape} and {shape}")
        require_rotations(self.rotations)

    @property
    def base(self) -> int:
        """D, the shifts of each stage."""
        return int(self.translations.shape[1])

    @property
    def num_stages(self) -> int:
        """S, the residues after a jump that correct it."""
        return int(self.translations.shape[0])


def require_rotations(matrices: NDArray[np.float64]) -> None:
    """Raise WeightsError for matrices [..., 3, 3] that are not proper rotations."""
    error = np.abs(matrices @ np.swapaxes(matrices, -1, -2) - np.eye(3)).max()
    if not error < 1e-5 or not (np.linalg.det(matrices) > 0).all():
        raise WeightsError("the codebook holds matrices that are not proper rotations")


class JumpingSteps(Protocol):
    """Rigid steps of which the last are jumps over a break."""

    @property
    def rotations(self) -> NDArray[np.float64]:
        """The axes of the next frame, as columns, seen from this one: ``float64 [K, 3, 3]``."""

    @property
    def translations(self) -> NDArray[np.float64]:
        """The origin of the next frame seen from this one, ``float64 [K, 3]`` in Angstrom."""

    @property
    def start_code(self) -> int:
        """The first jump."""

    @property
    def shifts(self) -> JumpShifts:
        """Makes jumps finer through the codes that follow them."""


def seen_from(rotation: NDArray[np.float64], origin: NDArray[np.float64], frame: Frame) -> Frame:
    """Return a frame as seen from others: rotations [..., 3, 3] and origins [..., 3]."""
    inverse = rotation.swapaxes(-1, -2)
    return inverse @ frame[0], (inverse @ (frame[1] - origin)[..., None])[..., 0]


@dataclass(frozen=True)
class Jump:
    """The codes of one jump.

    Parameters
    ----------
    code : int
        Code of the residue after the break.
    digits : list of int
        Last digits that the codes after it must have.
    left : ndarray, shape=(4, 4), dtype=float32
        The true frame seen from the one they lead to, of `frame_matrices`.
    """

    code: int
    digits: list[int]
    left: NDArray[np.float32]


class JumpSearch:
    """Chooses a jump and its shifts.

    Parameters
    ----------
    codebook : JumpingSteps
    probe : ndarray, shape=(3, 4), dtype=float64
        The measure of how close two frames are; see `probe_features`.
    """

    def __init__(self, codebook: JumpingSteps, probe: NDArray[np.float64]) -> None:
        span = slice(codebook.start_code, None)
        self._first = codebook.start_code
        stages = [
            (codebook.rotations[span], codebook.translations[span]),
            *zip(codebook.shifts.rotations, codebook.shifts.translations, strict=True),
        ]
        self._inverse = [inverse_matrices(frame_matrices(*stage, probe)).astype(np.float32) for stage in stages]
        self._rows = [
            np.ascontiguousarray(distance_rows(probe_features(*stage, probe).reshape(-1, 12), probe).T)
            for stage in stages
        ]

    def choose(self, wanted: NDArray[np.float32], num_digits: int) -> Jump:
        """Find the jump to a frame, seen from the one before it [4, 4], with at most ``num_digits`` shifts."""
        left, path = wanted.reshape(1, 16), []
        for rows, inverse in list(zip(self._rows, self._inverse, strict=True))[: 1 + num_digits]:
            query = left.copy()
            query[:, 1] = (query[:, 4::4] ** 2).sum(axis=1)
            packed, mask = packed_places((query @ rows).reshape(1, -1))
            packed.sort(axis=1)
            parent, digit = np.divmod(packed[0, :HYPOTHESES] & mask, rows.shape[1])
            left = (inverse[digit] @ left[parent].reshape(-1, 4, 4)).reshape(-1, 16)
            path.append((parent, digit))
        digits, at = [], 0
        for parent, digit in reversed(path):
            digits.append(int(digit[at]))
            at = int(parent[at])
        return Jump(self._first + digits.pop(), digits[::-1], left[0].reshape(4, 4))


def shifted_jumps(
    codes_BT: NDArray[np.int64], lengths_B: NDArray[np.int64], codebook: JumpingSteps
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Give every jump with shifts a step of its own, behind those of the codebook.

    Parameters
    ----------
    codes_BT : ndarray, shape=(B, T), dtype=int64
    lengths_B : ndarray, shape=(B,), dtype=int64
    codebook : JumpingSteps

    Returns
    -------
    steps : ndarray, shape=(B, T), dtype=int64
        Rows of the two tables.
    rotations, translations : ndarray, shape=(K + jumps, 3, 3) and (K + jumps, 3), dtype=float64
    """
    shifts = codebook.shifts
    inside = np.arange(codes_BT.shape[1]) < lengths_B[:, None]
    jumps = inside & (codes_BT >= codebook.start_code)
    jumps[:, 0] = False
    row, place = np.nonzero(jumps)
    if not row.size:
        return codes_BT, codebook.rotations, codebook.translations
    rotation, origin = codebook.rotations[codes_BT[row, place]], codebook.translations[codes_BT[row, place]]
    going = np.ones(len(row), dtype=bool)
    for stage in range(shifts.num_stages):
        following = np.minimum(place + 1 + stage, codes_BT.shape[1] - 1)
        code = codes_BT[row, following]
        going &= (place + 1 + stage < lengths_B[row]) & (code < codebook.start_code)
        digit = code % shifts.base
        moved = origin + (rotation @ shifts.translations[stage, digit][..., None])[..., 0]
        origin = np.where(going[:, None], moved, origin)
        rotation = np.where(going[:, None, None], rotation @ shifts.rotations[stage, digit], rotation)
    steps = codes_BT.copy()
    steps[row, place] = len(codebook.rotations) + np.arange(len(row))
    return (
        steps,
        np.concatenate([codebook.rotations, rotation]),
        np.concatenate([codebook.translations, origin]),
    )


def stored_shifts(rotations: NDArray[np.floating], translations: NDArray[np.floating]) -> JumpShifts:
    """Return the shifts as they are read back from float32."""
    return JumpShifts(rotations.astype(np.float32).astype(np.float64), translations.astype(np.float32).astype(float))
