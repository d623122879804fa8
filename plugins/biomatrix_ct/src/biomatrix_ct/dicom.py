"""DICOM files of CT, one slice or a folder of one series, read through pydicom (the extra ``dicom``)."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.files.opening import read_bytes
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, UnsupportedError
from biomatrix_ct.image import Image
from biomatrix_ct.scale import check_size, to_hounsfield

_PREFACE: Final = 128
_DEFLATED: Final = b"1.2.840.10008.1.2.1.99"
_MOST_SLICES: Final = 10_000
_UNEVEN: Final = 0.05
"""The share of the spacing by which the distances of neighbouring slices may differ."""
_TURNED: Final = 1e-3
_WITHOUT_UNIT: Final = ("", "HU", "US")
"""What the type of a rescaled value may say; US, unspecified, stands in many files of CT."""


@dataclass(frozen=True)
class _Slice:
    """One file: values in HU, ``[h, w]`` or ``[d, h, w]``, and where it lies."""

    values: NDArray[np.float32]
    pixel: tuple[float, float]
    series: str
    position: NDArray[np.float64] | None
    axes: NDArray[np.float64] | None
    thickness: float | None


def is_dicom(head: bytes) -> bool:
    """Return whether the first bytes of a file are those of DICOM."""
    return head[_PREFACE : _PREFACE + 4] == b"DICM"


def read_dicom(path: str | Path, limits: Limits = DEFAULT_LIMITS) -> Image:
    """Return the slice of a file, or the scan of a folder whose ``.dcm`` files are one series.

    Raises
    ------
    ConfigurationError
        pydicom is not installed.
    UnsupportedError
        It is not CT in Hounsfield units, or compressed in a way that needs another library.
    ParseError
        It is broken, or the slices of a folder do not make one scan: a gap, another series, another size.
    """
    place = Path(path)
    if place.is_dir():
        return _read_folder(place, limits)
    one = _read_slice(place, limits)
    spacing = one.pixel if one.values.ndim == 2 else (one.thickness or 1.0, *one.pixel)
    return Image(one.values, spacing, place.stem, affine=_place_of(one))


def _read_folder(folder: Path, limits: Limits) -> Image:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".dcm" and path.is_file())
    if not paths or len(paths) > _MOST_SLICES:
        raise ParseError(f"holds {len(paths)} .dcm files, and a scan has 1 to {_MOST_SLICES}")
    slices: list[_Slice] = []
    for path in paths:
        try:
            slices.append(_read_slice(path, limits))
        except BioMatrixError as error:
            raise error.at(file=str(path)) from error
        if slices[-1].values.ndim != 2:
            raise UnsupportedError("a file of many frames beside others; read it alone", file=str(path))
        check_size((len(paths), *slices[0].values.shape), limits)
    if len(slices) == 1:
        return Image(slices[0].values, slices[0].pixel, folder.name, affine=_place_of(slices[0]))
    order, distance = _order(slices)
    values = np.stack([slices[number].values for number in order])
    affine = _place_of(slices[order[0]], distance)
    return Image(values, (distance, *slices[0].pixel), folder.name, affine=affine)


def _place_of(one: _Slice, distance: float | None = None) -> NDArray[np.float64] | None:
    """Return where a slice lies, and further ones that follow along its normal; None where the file does not say.

    DICOM counts towards the left and the back of the body, an affine towards the right and the front.
    """
    if one.position is None or one.axes is None or one.values.ndim != 2:
        return None
    along_row, down = one.axes[:3], one.axes[3:]
    affine = np.eye(4)
    affine[:3, 0] = along_row * one.pixel[1]
    affine[:3, 1] = down * one.pixel[0]
    affine[:3, 2] = np.cross(along_row, down) * (distance or one.thickness or 1.0)
    affine[:3, 3] = one.position
    placed: NDArray[np.float64] = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    return placed if np.linalg.matrix_rank(placed[:3, :3]) == 3 else None


def _order(slices: list[_Slice]) -> tuple[list[int], float]:
    """Return the slices' order along the body, and their distance in mm."""
    first = slices[0]
    if any(one.series != first.series for one in slices):
        raise ParseError("holds slices of several series; put each in a folder of its own")
    if any(one.values.shape != first.values.shape or one.pixel != first.pixel for one in slices):
        raise ParseError("holds slices of several sizes or spacings")
    if first.axes is None or any(one.position is None or one.axes is None for one in slices):
        raise ParseError("a slice does not say where it lies (ImagePositionPatient, ImageOrientationPatient)")
    normal = np.cross(first.axes[:3], first.axes[3:])
    if any(one.axes is None or np.abs(one.axes - first.axes).max() > _TURNED for one in slices):
        raise ParseError("holds slices that are turned against each other")
    along = np.array([float(normal @ one.position) for one in slices if one.position is not None])
    order = np.argsort(along, kind="stable")
    steps = np.diff(along[order])
    distance = float(np.median(steps))
    if distance <= 0 or np.abs(steps - distance).max() > _UNEVEN * distance:
        raise ParseError(f"slices lie {steps.min():.3g} to {steps.max():.3g} mm apart: some are missing or there twice")
    return [int(one) for one in order], distance


def _read_slice(path: Path, limits: Limits) -> _Slice:
    content = read_bytes(path, limits)
    with warnings.catch_warnings():  # pydicom tells of every oddity, those of elements that are not read too
        warnings.simplefilter("ignore")
        return _slice_of(_parsed(content), limits)


def _slice_of(data: Any, limits: Limits) -> _Slice:
    _refuse_other(data)
    rows, columns, frames = _whole(data, "Rows"), _whole(data, "Columns"), _whole(data, "NumberOfFrames", 1)
    shape = (rows, columns) if frames == 1 else (frames, rows, columns)
    check_size(shape, limits)
    pixel = _numbers(data, "PixelSpacing", 2)
    if pixel is None:
        raise UnsupportedError("does not say the spacing of its pixels (PixelSpacing)")
    slope, intercept = _numbers(data, "RescaleSlope", 1), _numbers(data, "RescaleIntercept", 1)
    if slope is None or intercept is None:
        raise UnsupportedError("not CT in Hounsfield units: no RescaleSlope and RescaleIntercept")
    stored = _pixels(data)
    if stored.shape != shape:
        raise ParseError(f"the header says {shape}, and the pixels are {stored.shape}")
    position, axes = _numbers(data, "ImagePositionPatient", 3), _numbers(data, "ImageOrientationPatient", 6)
    thickness = _numbers(data, "SpacingBetweenSlices", 1) or _numbers(data, "SliceThickness", 1)
    return _Slice(
        to_hounsfield(stored, float(slope[0]), float(intercept[0])),
        (float(pixel[0]), float(pixel[1])),
        str(data.get("SeriesInstanceUID", "")),
        None if position is None else np.array(position),
        None if axes is None else np.array(axes),
        None if thickness is None else float(thickness[0]),
    )


def _parsed(content: bytes) -> Any:
    try:
        from pydicom import dcmread
    except ImportError as error:
        raise ConfigurationError(
            "DICOM files need pydicom; install it with: pip install 'biomatrix-ct[dicom]'"
        ) from error
    if not is_dicom(content[:132]):
        raise ParseError("not a DICOM file: DICM does not stand at byte 128")
    if _DEFLATED in content[:4096]:
        raise UnsupportedError("is deflated as a whole, which hides its size; store it without compression")
    try:
        return dcmread(io.BytesIO(content))
    except Exception as error:  # pydicom raises many kinds for broken files
        raise ParseError(f"not a whole DICOM file: {_one_line(error)}") from error


def _refuse_other(data: Any) -> None:
    """Raise where a data set is not a plain CT slice."""
    modality = str(data.get("Modality", "")) or "nothing"
    if modality != "CT":
        raise UnsupportedError(f"not CT: the modality is {modality[:16]}")
    if int(data.get("SamplesPerPixel", 1) or 1) != 1 or str(data.get("PhotometricInterpretation", "")) != "MONOCHROME2":
        raise UnsupportedError("not a CT slice but a picture: its pixels are not MONOCHROME2 of one sample")
    kind = str(data.get("RescaleType", "") or "")
    if kind not in _WITHOUT_UNIT:
        raise UnsupportedError(f"not in Hounsfield units: its values are {kind[:16]} (RescaleType)")
    image_type = [str(one) for one in data.get("ImageType", [])]
    if "LOCALIZER" in image_type:
        raise UnsupportedError("a localizer, a projection and no slice")


def _pixels(data: Any) -> NDArray[np.generic]:
    try:
        pixels: NDArray[np.generic] = data.pixel_array
    except Exception as error:  # pydicom and its decoders raise many kinds
        name = getattr(getattr(data, "file_meta", None), "get", lambda *_: "")("TransferSyntaxUID", "")
        said = getattr(name, "name", "an unknown transfer syntax")
        raise UnsupportedError(f"its pixels ({said}) cannot be unpacked: {_one_line(error)}") from error
    return pixels


def _whole(data: Any, key: str, default: int = 0) -> int:
    try:
        value = int(data.get(key, default) or default)
    except (TypeError, ValueError) as error:
        raise ParseError(f"{key} is no whole number") from error
    if value < 1:
        raise ParseError(f"{key} is {value}, and should be at least 1")
    return value


def _numbers(data: Any, key: str, count: int) -> tuple[float, ...] | None:
    """Return the numbers of an element, None where it is absent or empty; raise where there are not so many."""
    try:
        value = data.get(key)
        if value is None or value == "":
            return None
        numbers = tuple(float(one) for one in ([value] if count == 1 else list(value)))
    except (TypeError, ValueError, AttributeError) as error:
        raise ParseError(f"{key} is {str(data.get(key))[:40]!r}, no numbers") from error
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise ParseError(f"{key} is {numbers}, and should be {count} numbers")
    return numbers


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
