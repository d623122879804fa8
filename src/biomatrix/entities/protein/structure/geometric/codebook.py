"""The codebook of the geometric codec: one rigid step from residue to residue per code.

Three kinds of code share the index range, in this order: steps over a trans peptide bond, steps over a cis
one, and jumps over a chain break. A bonded step is made of its internal coordinates (psi, the two bond angles
at the peptide, omega, phi) with ideal bond lengths, so that every backbone that can be decoded has right
bond lengths.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.rigid_steps.shifts import JumpShifts, require_rotations
from biomatrix.errors import WeightsError
from biomatrix.metrics.geometry import (
    C_N_CA_ANGLE,
    C_N_LENGTH,
    CA_C_LENGTH,
    CA_C_N_ANGLE,
    N_CA_C_ANGLE,
    N_CA_LENGTH,
    RESIDUE_TEMPLATE,
    angle,
    backbone_frames,
    dihedral,
    place_atom,
    unit,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

TRANS, CIS, BREAK = 0, 1, 2
"""Kinds of step, and the order of their codes."""

BONDED_DISTANCE = 2.0
"""C to next N in Angstrom: at or above it two neighbours count as not bonded."""

_ANGLE_SLACK = np.deg2rad(6.0)
_OMEGA_SLACK = np.deg2rad(20.0)


@dataclass(frozen=True, eq=False)
class StepCodebook:
    """Rigid steps between the frames of consecutive resolved residues.

    Parameters
    ----------
    rotations : ndarray, shape=(K, 3, 3), dtype=float64
        The axes of the next frame, as columns, seen from this one.
    translations : ndarray, shape=(K, 3), dtype=float64
        The next CA seen from this frame, in Angstrom.
    num_trans, num_cis, num_break : int
        How many codes of each kind, in this order; they add up to K.
    shifts : JumpShifts
        Makes jumps finer through the codes that follow them.
    """

    rotations: NDArray[np.float64]
    translations: NDArray[np.float64]
    num_trans: int
    num_cis: int
    num_break: int
    shifts: JumpShifts

    def __post_init__(self) -> None:
        if min(self.num_trans, self.num_cis, self.num_break) < 1:
            raise WeightsError("a codebook needs at least one code of each kind: trans, cis and break")
        total = self.num_trans + self.num_cis + self.num_break
        if self.rotations.shape != (total, 3, 3) or self.translations.shape != (total, 3):
            raise WeightsError(
                f"rotations {self.rotations.shape} and translations {self.translations.shape} for {total} codes"
            )
        require_rotations(self.rotations)
        if self.num_trans % self.shifts.base or self.num_cis % self.shifts.base:
            raise WeightsError(
                f"{self.num_trans} trans and {self.num_cis} cis codes are not multiples of {self.shifts.base}"
            )

    def __len__(self) -> int:
        return len(self.rotations)

    @property
    def start_code(self) -> int:
        """The code of the first resolved residue of any chain; it carries no information."""
        return self.num_trans + self.num_cis

    def codes_of(self, kind: int) -> slice:
        """Return the range of codes of one kind of step."""
        bounds = np.cumsum([0, self.num_trans, self.num_cis, self.num_break])
        return slice(int(bounds[kind]), int(bounds[kind + 1]))

    @cached_property
    def atoms(self) -> NDArray[np.float64]:
        """(N, CA, C) of the next residue seen from this frame, ``float64 [K, 3, 3]``."""
        return RESIDUE_TEMPLATE @ np.swapaxes(self.rotations, -1, -2) + self.translations[:, None]

    @cached_property
    def features(self) -> NDArray[np.float64]:
        """First two axes of the rotation, then the translation in Angstrom: ``float64 [K, 9]``."""
        axes = np.swapaxes(self.rotations[:, :, :2], 1, 2).reshape(len(self), 6)
        return np.concatenate([axes, self.translations], axis=1)


def resolved_residues(backbone: ArrayLike) -> NDArray[np.bool_]:
    """Return which residues have a frame: all nine coordinates finite and the three atoms not on one line.

    Parameters
    ----------
    backbone : array, shape=(L, 3, 3)

    Returns
    -------
    ndarray, shape=(L,), dtype=bool
    """
    atoms = np.asarray(backbone, dtype=np.float64)
    complete: NDArray[np.bool_] = np.asarray(np.isfinite(atoms).all(axis=(1, 2)))
    n, c = atoms[complete, 0] - atoms[complete, 1], atoms[complete, 2] - atoms[complete, 1]
    area = np.linalg.norm(np.cross(n, c), axis=-1)
    complete[complete] = area > 1e-3
    return complete


def step_kinds(atoms: ArrayLike, positions: ArrayLike) -> NDArray[np.int8]:
    """Return the kind of the step that leads to each resolved residue.

    Parameters
    ----------
    atoms : array, shape=(n, 3, 3)
        (N, CA, C) of the resolved residues of one chain, in order.
    positions : int array, shape=(n,)
        Their places in the chain: a step over a place left out is a break.

    Returns
    -------
    ndarray, shape=(n,), dtype=int8
        `TRANS`, `CIS` or `BREAK`; the first is `BREAK`.
    """
    backbone, places = np.asarray(atoms, dtype=np.float64), np.asarray(positions)
    kinds = np.full(len(backbone), BREAK, dtype=np.int8)
    if len(backbone) < 2:
        return kinds
    here, following = backbone[:-1], backbone[1:]
    bonded = np.linalg.norm(following[:, 0] - here[:, 2], axis=-1) < BONDED_DISTANCE
    bonded &= np.diff(places) == 1
    # The cosine of omega up to a positive factor. Two atoms on one spot leave it undefined; such a step counts as
    # trans, the common case.
    axis = unit(following[:, 0] - here[:, 2])
    before, after = here[:, 1] - here[:, 2], following[:, 1] - following[:, 0]
    before = before - (before * axis).sum(axis=-1, keepdims=True) * axis
    cis = (before * after).sum(axis=-1) > 0.0
    kinds[1:] = np.where(bonded, np.where(cis, CIS, TRANS), BREAK)
    return kinds


def bonded_steps(next_atoms: ArrayLike, kind: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the nearest steps with right bond lengths: torsions kept, bond angles and omega held near their ideals.

    Parameters
    ----------
    next_atoms : array, shape=(K, 3, 3)
        (N, CA, C) of the next residue seen from this frame, such as means over many steps.
    kind : int
        `TRANS` or `CIS`.

    Returns
    -------
    rotations : ndarray, shape=(K, 3, 3), dtype=float64
    translations : ndarray, shape=(K, 3), dtype=float64
    """
    target = np.asarray(next_atoms, dtype=np.float64)
    n, ca, c = np.broadcast_to(RESIDUE_TEMPLATE, target.shape).swapaxes(0, 1)
    next_n, next_ca, next_c = target[:, 0], target[:, 1], target[:, 2]
    ideal = np.pi if kind == TRANS else 0.0
    omega = dihedral(ca, c, next_n, next_ca) - ideal
    omega = ideal + np.clip((omega + np.pi) % (2 * np.pi) - np.pi, -_OMEGA_SLACK, _OMEGA_SLACK)
    at_c = np.clip(angle(ca, c, next_n), CA_C_N_ANGLE - _ANGLE_SLACK, CA_C_N_ANGLE + _ANGLE_SLACK)
    at_n = np.clip(angle(c, next_n, next_ca), C_N_CA_ANGLE - _ANGLE_SLACK, C_N_CA_ANGLE + _ANGLE_SLACK)
    placed_n = place_atom(n, ca, c, C_N_LENGTH, at_c, dihedral(n, ca, c, next_n))
    placed_ca = place_atom(ca, c, placed_n, N_CA_LENGTH, at_n, omega)
    phi = dihedral(c, placed_n, placed_ca, next_c)
    placed_c = place_atom(c, placed_n, placed_ca, CA_C_LENGTH, N_CA_C_ANGLE, phi)
    return backbone_frames(np.stack([placed_n, placed_ca, placed_c], axis=1))
