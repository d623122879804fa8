"""A CT image: one slice or a stack of slices in Hounsfield units, with its spacing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities import Entity
from biomatrix.errors import ParseError

LOWEST_HU: Final = -32768.0
HIGHEST_HU: Final = 65535.0
"""What no scanner leaves: air is -1000, metal at most some 30,000, padding often -32768."""


@dataclass(frozen=True, eq=False)
class Image(Entity):
    """A computed tomogram, checked where it is built.

    Parameters
    ----------
    values : ndarray, float32 [h, w] or [d, h, w]
        Hounsfield units: rows from top to bottom, columns from left to right; slices in order along the body. Kept
        exactly, and made read-only.
    spacing : tuple of float
        Millimetres between neighbours along each axis of ``values``, in the same order.
    name : str
    notes : tuple of str
        What a reader did to the file, a sentence each.
    affine : ndarray, float64 [4, 4], optional
        Where it lies: from (column, row, slice), counted from 0, to millimetres towards the right, the front and the
        head of the body, as NIfTI has them. None where the file does not say.

    Raises
    ------
    ParseError
        Not two or three dimensions, a size of 0, values that are not finite or that no scanner leaves, a spacing that
        does not fit, or an affine that has no inverse.
    """

    kind: ClassVar[str] = "ct"
    values: NDArray[np.float32]
    spacing: tuple[float, ...]
    name: str = ""
    notes: tuple[str, ...] = ()
    affine: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        given = np.asarray(self.values)
        if given.ndim not in (2, 3) or 0 in given.shape:
            raise ParseError(f"a CT image has 2 or 3 dimensions, none of size 0; this has the shape {given.shape}")
        if given.dtype.kind not in "iuf":
            raise ParseError(f"Hounsfield units are numbers, not {given.dtype}")
        values = np.array(given, dtype=np.float32)
        least, most = float(values.min()), float(values.max())
        if not (least >= LOWEST_HU and most <= HIGHEST_HU):  # also where either is NaN
            raise ParseError(
                f"values from {least:g} to {most:g} are no Hounsfield units; these lie from {LOWEST_HU:g} to "
                f"{HIGHEST_HU:g}"
            )
        spacing = tuple(float(one) for one in self.spacing)
        if len(spacing) != values.ndim or not all(0 < one < 1000 for one in spacing):
            raise ParseError(f"the spacing is {values.ndim} numbers of millimetres above 0, not {self.spacing}")
        values.flags.writeable = False
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "spacing", spacing)
        object.__setattr__(self, "notes", tuple(self.notes))
        if self.affine is not None:
            object.__setattr__(self, "affine", _checked(self.affine))

    @property
    def has_structure(self) -> bool:
        """Whether it carries coordinates of atoms: never."""
        return False

    @property
    def slices(self) -> NDArray[np.float32]:
        """The slices, ``float32 [d, h, w]``; one of a plane image."""
        return self.values if self.values.ndim == 3 else self.values[None]

    def with_values(self, values: NDArray[np.floating], note: str = "") -> Image:
        """Return an image of the same place with other values of the same shape, in Hounsfield units."""
        if values.shape != self.values.shape:
            raise ParseError(f"the shape {values.shape} is not that of the image, {self.values.shape}")
        notes = (*self.notes, note) if note else self.notes
        return Image(np.asarray(values, dtype=np.float32), self.spacing, self.name, notes, self.affine)

    def to_file(self, path: str | Path) -> None:
        """Write it as NIfTI (.nii, .nii.gz: exact) or, one slice, as a 16-bit PNG that says its scale."""
        from biomatrix_ct.files import write_image

        write_image(self, path)


def _checked(given: NDArray[np.float64]) -> NDArray[np.float64]:
    affine = np.array(given, dtype=np.float64)
    if affine.shape != (4, 4) or not np.isfinite(affine).all() or not np.array_equal(affine[3], [0, 0, 0, 1]):
        raise ParseError("an affine is 4 x 4 numbers, the last row 0, 0, 0, 1")
    if np.linalg.matrix_rank(affine[:3, :3]) < 3:
        raise ParseError("an affine has three directions, and these lie in a plane")
    affine.flags.writeable = False
    return affine
