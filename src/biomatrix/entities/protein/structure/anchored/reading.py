"""One received chain: its codes, where dead reckoning takes them, and which digits agree with a placement of it.

A chain with wrong codes falls into pieces that are right in themselves. Each piece is placed by a rigid motion of the
dead-reckoned chain, so a hypothesis about the chain is a list of pieces and their motions.

Shapes: n residues, K bonded steps, M candidates, L residues looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.protein.structure.anchored.digits import Slabs

    Motion = tuple[NDArray[np.float64], NDArray[np.float64]]

_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Piece:
    """Received residues placed by one motion, up to the first one whose digit disagrees.

    Parameters
    ----------
    start, end : int
        First residue, and the one after the last that agrees.
    rotation, shift : ndarray, shape=(3, 3) and (3,)
        The motion that takes dead-reckoned positions to where they are.
    metric : float
        Logarithm of how much likelier the reading is than chance, of this piece and what leads to it.
    """

    start: int
    end: int
    rotation: NDArray[np.float64]
    shift: NDArray[np.float64]
    metric: float = 0.0

    @property
    def motion(self) -> Motion:
        """Rotation and shift."""
        return self.rotation, self.shift


@dataclass(frozen=True)
class Reading:
    """A received chain.

    Parameters
    ----------
    digits : ndarray, shape=(n,), dtype=int64
    rotations, origins : ndarray, shape=(n, 3, 3) and (n, 3), dtype=float64
        Frames of the residues by dead reckoning.
    slabs : Slabs
    slack : float
        Angstrom by which a residue may miss its slab and still agree. Zero while placements are exact.
    """

    digits: NDArray[np.int64]
    rotations: NDArray[np.float64]
    origins: NDArray[np.float64]
    slabs: Slabs
    slack: float = 0.0

    def __len__(self) -> int:
        return len(self.digits)

    @cached_property
    def _widths(self) -> NDArray[np.float64]:
        return self.slabs.width_of(np.arange(len(self)))

    @cached_property
    def _per_angstrom(self) -> NDArray[np.float64]:
        """Turns of a residue's digit per Angstrom: coordinates are compared as parts of a turn."""
        return np.asarray(1.0 / (self._widths * self.slabs.levels))

    @cached_property
    def _starts(self) -> NDArray[np.float64]:
        """Lower end of what agrees, in Angstrom."""
        return np.asarray(self._widths * self.digits - self.slack)

    @cached_property
    def tolerance(self) -> NDArray[np.float64]:
        """Part of a turn that agrees, float64 [n]."""
        return np.asarray((self._widths + 2.0 * self.slack) * self._per_angstrom)

    def agree(self, index: NDArray[np.int64], motion: Motion) -> NDArray[np.bool_]:
        """Whether the digits of residues agree with a motion, bool [L]."""
        axis = index % 3
        along = (motion[0][axis] * self.origins[index]).sum(axis=1) + motion[1][axis]
        turns = (along - self._starts[index]) * self._per_angstrom[index]
        return np.asarray(turns - np.floor(turns) < self.tolerance[index])

    def first_wrong(self, motion: Motion, start: int) -> int:
        """The first residue from ``start`` on that disagrees with a motion; n if none does."""
        while start < len(self):
            agree = self.agree(np.arange(start, min(start + _AT_ONCE, len(self))), motion)
            if not agree.all():
                return start + int(agree.argmin())
            start += len(agree)
        return len(self)

    def look_ahead(
        self, at: NDArray[np.int64], frames: Motion, first: int, count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """What the digits after each candidate require, as a linear function of the step that leads to it.

        Parameters
        ----------
        at : ndarray, shape=(M,), dtype=int64
            Residues whose steps are tried.
        frames : tuple of ndarray, shape=(M, 3, 3) and (M, 3)
            Frames of the residues before them.
        first, count : int
            Look at residues ``at + first`` and on.

        Returns
        -------
        weights : ndarray, shape=(M, L, 12), dtype=float32
            Multiplies the step's rotation [9] and translation [3], in turns.
        constants : ndarray, shape=(M, L), dtype=float32
            Added to that product; the part of a turn left is then compared with the limits.
        limits : ndarray, shape=(M, L), dtype=float32
            Above one after the end of the chain, where there is nothing to disagree with.
        """
        index = at[:, None] + first + np.arange(count)
        inside = index < len(self)
        index = np.minimum(index, len(self) - 1)
        axis, turns = index % 3, self._per_angstrom[index]
        local = (self.origins[index] - self.origins[at][:, None]) @ self.rotations[at]
        row = frames[0][np.arange(len(at))[:, None], axis] * turns[..., None]
        constants = (np.take_along_axis(frames[1], axis, axis=1) - self._starts[index]) * turns
        products = (row[..., :, None] * local[..., None, :]).reshape(*index.shape, 9)
        weights = np.concatenate([products, row], axis=2)
        # Whole turns do not matter: without them float32 keeps enough digits.
        constants -= np.floor(constants)
        limits = np.where(inside, self.tolerance[index], 2.0)
        return weights.astype(np.float32), constants.astype(np.float32), limits.astype(np.float32)
