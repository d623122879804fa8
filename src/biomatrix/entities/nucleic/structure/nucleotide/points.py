"""What the search compares: weighted points fixed to a nucleotide.

Some are atoms, beads first of all; the others are levers along the axes of the frame, whose ends tell how far its
directions are off, since a wrong direction costs the nucleotides after it. The squared distance of two nucleotides is
the sum over the points; an atom that was not resolved does not count.

Points lie in homogeneous coordinates (x, y, z, 1) times their weight, so that one product moves them, and another one
compares them with every code: the last coordinate meets the square of the code's own point.

Shapes: n nucleotides, K codes, A points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.nucleic.structure.nucleotide.beads import ATOMS, BEADS
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Points:
    """The points of a search.

    Parameters
    ----------
    atoms : tuple of (int, float)
        Places among the fifteen atoms, and what a square Angstrom counts at each.
    levers : tuple of float
        Lengths of the levers along x, y and z in Angstrom; none at 0.
    """

    atoms: tuple[tuple[int, float], ...]
    levers: tuple[float, float, float]

    def __post_init__(self) -> None:
        if not self.atoms or not all(0 <= place < ATOMS and weight > 0.0 for place, weight in self.atoms):
            raise ConfigurationError(f"points of atoms {self.atoms}: give places 0 to {ATOMS - 1}, weights above 0")
        if self.atoms[0][0] not in BEADS:
            raise ConfigurationError(f"points of atoms {self.atoms}: begin with one of the beads {BEADS}")
        if len(self.levers) != 3 or not all(length >= 0.0 for length in self.levers):
            raise ConfigurationError(f"levers of lengths {self.levers}: give three, none below 0")

    def __len__(self) -> int:
        return len(self.atoms) + len(self._axes)

    @property
    def _axes(self) -> list[int]:
        return [axis for axis, length in enumerate(self.levers) if length > 0.0]

    @property
    def _places(self) -> list[int]:
        return [place for place, _ in self.atoms]

    @property
    def _scales(self) -> NDArray[np.float64]:
        """What coordinates are multiplied by, so that their squares have the weights: float64 [A]."""
        roots = [weight**0.5 for _, weight in self.atoms]
        return np.array(roots + [self.levers[axis] for axis in self._axes])

    def placed(self, atoms: NDArray[np.float64], rotations: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the points of nucleotides, scaled; NaN where an atom is missing.

        Parameters
        ----------
        atoms : ndarray, shape=(n, 15, 3), dtype=float64
        rotations : ndarray, shape=(n, 3, 3), dtype=float64
            Axes of their frames, as columns.

        Returns
        -------
        ndarray, shape=(n, 3, A), dtype=float64
        """
        ends = np.concatenate([atoms[:, self._places].swapaxes(1, 2), rotations[:, :, self._axes]], axis=2)
        return np.asarray(ends * self._scales)

    def homogeneous(self, atoms: NDArray[np.float64], rotations: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the points of nucleotides as `placed`, with their last coordinate: float32 [n, 4, A]."""
        points = np.zeros((len(atoms), 4, len(self)), dtype=np.float32)
        points[:, :3] = self.placed(atoms, rotations)
        known = np.isfinite(points).all(axis=1, keepdims=True)
        points[:, 3, : len(self.atoms)] = self._scales[: len(self.atoms)]
        return np.where(known, points, np.float32(0.0))

    def table(self, atoms: NDArray[np.float64], rotations: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return what turns points into their distances from codes.

        Returns
        -------
        ndarray, shape=(4 A, K), dtype=float32
            Multiplied by points of `homogeneous`, flattened, it gives the squared distance from each code, less the
            squares of the points themselves.
        """
        placed = self.placed(atoms, rotations)
        rows = np.concatenate([-2.0 * placed, np.zeros_like(placed[:, :1])], axis=1)
        count = len(self.atoms)
        rows[:, 3, :count] = (placed[:, :, :count] ** 2).sum(axis=1) / self._scales[:count]
        # Levers have no last coordinate; the first point is a bead, which is always there.
        rows[:, 3, 0] += (self._scales[count:] ** 2).sum() / self._scales[0]
        return np.ascontiguousarray(rows.reshape(len(placed), -1).T, dtype=np.float32)
