"""NIfTI files of scans, read and written through nibabel (the extra ``nifti``)."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.files.opening import read_bytes
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import ConfigurationError, ParseError, UnsupportedError
from biomatrix_ct.image import Image
from biomatrix_ct.scale import check_size, to_hounsfield, told_scale

_MAGIC: Final = (b"n+1\0", b"n+2\0")
_MAGIC_PLACES: Final = (344, 4)
_MILLIMETRES: Final = {"mm": 1.0, "unknown": 1.0, "micron": 1e-3, "meter": 1e3}
_AIR: Final = -200.0
"""HU below which only air and lung lie: a scan shows some, and a file without any may hold something else."""
_LONGEST_PREFACE: Final = 1 << 20


def is_nifti(head: bytes) -> bool:
    """Return whether the first bytes of a file, unpacked, are those of NIfTI-1 or NIfTI-2."""
    return any(head[place : place + 4] == word for word, place in zip(_MAGIC, _MAGIC_PLACES, strict=True))


def read_nifti(
    path: str | Path,
    limits: Limits = DEFAULT_LIMITS,
    slope: float | None = None,
    intercept: float | None = None,
    pixel: float | None = None,
) -> Image:
    """Return the scan of a NIfTI file: slices along its third axis, columns along its first, as they are stored.

    Where it lies is read too, where the file says it in a way that has an inverse; ``pixel`` sets that aside.

    The format does not say what was measured. A file with air below -200 HU is taken for CT; for another, say that
    its numbers are Hounsfield units by a slope of 1 and an intercept of 0.

    Raises
    ------
    ConfigurationError
        nibabel is not installed.
    UnsupportedError
        It has more than three dimensions, complex or coloured values, or none that speak for CT.
    ParseError
        It is broken.
    """
    scan = _opened(read_bytes(path, limits))
    shape = tuple(int(one) for one in scan.header.get_data_shape())
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) not in (2, 3):
        raise UnsupportedError(f"a CT scan has 2 or 3 dimensions, and this file {len(shape)}: {shape}")
    check_size(shape, limits)
    kind = scan.header.get_data_dtype()
    if kind.kind not in "iuf" or kind.names:
        raise UnsupportedError(f"not CT: its values are {kind}, not numbers")
    told = told_scale(slope, intercept)
    values = np.asarray(_values(scan, told)).reshape(shape)
    if told is None and not values.min() < _AIR:
        raise UnsupportedError(
            f"not known to be CT: no value is below {_AIR:g} HU, so no air; if the numbers are Hounsfield units, give "
            "the intercept 0"
        )
    unit = _MILLIMETRES.get(scan.header.get_xyzt_units()[0], 1.0)
    zooms = [float(one) * unit for one in scan.header.get_zooms()[: len(shape)]]
    if pixel is not None:
        zooms[:2] = [pixel, pixel]
    affine = _place(scan.header, unit) if pixel is None else None
    return Image(np.ascontiguousarray(values.T), tuple(zooms[::-1]), Path(path).name.split(".")[0], affine=affine)


def write_nifti(image: Image, path: str | Path) -> None:
    """Write an image with its values exactly, as float32, its spacing, and where it lies or that this is not known."""
    nibabel = _library()
    made = nibabel.Nifti1Image(
        np.ascontiguousarray(image.values.T), np.eye(4) if image.affine is None else image.affine
    )
    made.header.set_xyzt_units("mm")
    made.header.set_zooms(image.spacing[::-1])
    made.set_qform(None, code=0)
    made.set_sform(image.affine, code=0 if image.affine is None else "scanner")
    write_whole(path, made.to_bytes())


def _place(header: Any, unit: float) -> NDArray[np.float64] | None:
    """Return the affine of a header in millimetres: the sform, else the qform; None where it has neither."""
    for read in (header.get_sform, header.get_qform):
        try:
            affine, code = read(coded=True)
        except (ValueError, OverflowError):  # quaternions that are none
            continue
        if code and np.isfinite(affine).all() and np.linalg.matrix_rank(affine[:3, :3]) == 3:
            placed: NDArray[np.float64] = np.diag([unit, unit, unit, 1.0]) @ affine
            return placed
    return None


def _library() -> Any:
    try:
        import nibabel
    except ImportError as error:
        raise ConfigurationError(
            "NIfTI files need nibabel; install it with: pip install 'biomatrix-ct[nifti]'"
        ) from error
    return nibabel


def _opened(content: bytes) -> Any:
    nibabel = _library()
    if not is_nifti(content[:352]):
        raise ParseError("not a NIfTI file of one part (.nii)")
    classes = nibabel.Nifti1Image, nibabel.Nifti2Image
    image = classes[0 if content[344:348] == _MAGIC[0] else 1]
    header = image.header_class
    try:
        preface = header(content[: header.template_dtype.itemsize], check=True)["vox_offset"]
        if not 0 <= float(preface) <= _LONGEST_PREFACE:
            raise ParseError(f"its values are said to begin at byte {float(preface):g}")
        return image.from_bytes(content)
    except (ValueError, OSError, OverflowError, TypeError, nibabel.spatialimages.HeaderDataError) as error:
        raise ParseError(f"not a whole NIfTI file: {' '.join(str(error).split())[:200]}") from error


def _values(scan: Any, told: tuple[float, float] | None) -> NDArray[np.float32]:
    """Return the values in HU: by the scale that was told, else by that of the file."""
    try:
        if told is not None:
            return to_hounsfield(scan.dataobj.get_unscaled(), *told)
        return np.asarray(scan.dataobj, dtype=np.float64).astype(np.float32)
    except (ValueError, OSError, EOFError, gzip.BadGzipFile) as error:
        raise ParseError(f"its values are not whole: {' '.join(str(error).split())[:200]}") from error
