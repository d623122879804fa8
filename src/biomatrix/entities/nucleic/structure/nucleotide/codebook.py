"""The codebook of the geometric codec of nucleic acids: one nucleotide in the frame of the one before per code.

A code holds the frame of the next nucleotide, from which the step after it leads, and all fifteen atoms with their
bonds, so that it says pucker, base plane and phosphate as well. Bonded steps come first, then jumps over a break.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.nucleic.structure.nucleotide.beads import ATOMS, BEADS
from biomatrix.entities.rigid_steps.shifts import JumpShifts, require_rotations
from biomatrix.errors import WeightsError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class NucleotideCodebook:
    """Steps between consecutive resolved nucleotides.

    Parameters
    ----------
    rotations : ndarray, shape=(K, 3, 3), dtype=float64
        The axes of the next frame, as columns, seen from this one.
    translations : ndarray, shape=(K, 3), dtype=float64
        The origin of the next frame seen from this one, in Angstrom.
    shapes : ndarray, shape=(K, 15, 3), dtype=float64
        The atoms of the next nucleotide in its own frame, in Angstrom.
    num_break : int
        How many codes, the last ones, are jumps over a break. The shape of the first is also that of the first
        nucleotide of a strand.
    shifts : JumpShifts
        Makes jumps finer through the codes that follow them.
    """

    rotations: NDArray[np.float64]
    translations: NDArray[np.float64]
    shapes: NDArray[np.float64]
    num_break: int
    shifts: JumpShifts

    def __post_init__(self) -> None:
        total = len(self.rotations)
        if not 1 <= self.num_break < total:
            raise WeightsError(f"{self.num_break} of {total} codes are jumps: at least one must be, and one must not")
        shapes = (self.rotations.shape, self.translations.shape, self.shapes.shape)
        if shapes != ((total, 3, 3), (total, 3), (total, ATOMS, 3)):
            raise WeightsError(f"rotations, translations and shapes of {shapes} for {total} codes")
        require_rotations(self.rotations)
        if self.start_code % self.shifts.base:
            raise WeightsError(f"{self.start_code} bonded steps are not a multiple of {self.shifts.base}")

    def __len__(self) -> int:
        return len(self.rotations)

    @property
    def start_code(self) -> int:
        """The first jump: the code of the first resolved nucleotide of any strand, where it says nothing."""
        return len(self) - self.num_break

    @cached_property
    def beads(self) -> NDArray[np.float64]:
        """(P, C4', N) of the next nucleotide seen from this frame, ``float64 [K, 3, 3]``."""
        return self.shapes[:, BEADS] @ self.rotations.swapaxes(-1, -2) + self.translations[:, None]

    @cached_property
    def features(self) -> NDArray[np.float64]:
        """The three beads and then C3', C1' and the base's two atoms seen from this frame: ``float64 [K, 21]``."""
        told = self.shapes[:, (*BEADS, 7, 11, 13, 14)]
        return (told @ self.rotations.swapaxes(-1, -2) + self.translations[:, None]).reshape(len(self), -1)
