"""What the digit of a code means: where a residue lies along one axis of the chain's own frame.

Residue number i (among the resolved ones of its chain, from 0) encodes one coordinate of its CA (x, y, z, x, ... in
turn) as the number of the slab it lies in, modulo the number of levels. Slabs are thin for three residues, thick for
the next three, and so on: thin ones locate a residue exactly, thick ones over a long range.

Shapes: ... any leading axes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.errors import WeightsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_LEVELS = 128


@dataclass(frozen=True)
class Slabs:
    """The slabs that digits count.

    Parameters
    ----------
    levels : int
        D: digits are 0 to D - 1.
    widths : tuple of float
        Width of a slab in Angstrom, for one round of three residues after the other; each divides the widest.

    Raises
    ------
    WeightsError
        Levels or widths out of range, or a width that does not divide the widest.
    """

    levels: int
    widths: tuple[float, ...]

    def __post_init__(self) -> None:
        if not 2 <= self.levels <= MAX_LEVELS:
            raise WeightsError(f"{self.levels} levels: 2 to {MAX_LEVELS} are possible")
        if any(max(self.widths, default=0.0) % width for width in self.widths if width > 0.0):
            raise WeightsError(f"slabs of widths {self.widths}: each must divide the widest")
        if not self.widths or not all(0.1 <= width <= 100.0 for width in self.widths):
            raise WeightsError(f"slabs of widths {self.widths}: give widths of 0.1 to 100 A")

    @property
    def period(self) -> float:
        """Angstrom after which the widest slabs repeat."""
        return self.levels * max(self.widths)

    def width_of(self, index: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the slab width of residues in Angstrom, float64 of the shape of ``index``."""
        return np.asarray(np.array(self.widths)[index // 3 % len(self.widths)])

    def digits(self, origins: NDArray[np.float64], index: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the digits of residues.

        Parameters
        ----------
        origins : ndarray, shape=(..., 3), dtype=float64
            CA in Angstrom.
        index : ndarray, shape=(...), dtype=int64
            Number of each residue in its chain.

        Returns
        -------
        ndarray, shape=(...), dtype=int64
        """
        along = np.take_along_axis(origins, np.expand_dims(index % 3, -1), axis=-1)[..., 0]
        return np.floor(along / self.width_of(index)).astype(np.int64) % self.levels
