"""PNG files of single slices: 16-bit grey, with the scale in the file or told by the caller."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import numpy as np

from biomatrix.entities.files.opening import read_bytes
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import ParseError, UnsupportedError
from biomatrix_ct.image import Image
from biomatrix_ct.scale import check_size, to_hounsfield, told_scale

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_LEVELS: Final = 65535
_SLOPE: Final = 1 / 16
"""HU per stored number of the files that are written: whole Hounsfield units, and sixteenths, are exact."""
_KEYS: Final = ("ct:slope", "ct:intercept", "ct:spacing")


def is_grey_of_16_bits(head: bytes) -> bool:
    """Return whether the first bytes of a file are those of such a PNG."""
    return head.startswith(_SIGNATURE) and head[12:16] == b"IHDR" and head[24:26] == b"\x10\x00"


def read_png(
    path: str | Path,
    limits: Limits = DEFAULT_LIMITS,
    slope: float | None = None,
    intercept: float | None = None,
    pixel: float | None = None,
) -> Image:
    """Return the slice of a PNG.

    Raises
    ------
    UnsupportedError
        It has colours or 8 bits, as photographs and pictures of a screen have, or it does not say its scale and
        nobody tells it.
    ParseError
        It is broken.
    """
    content = read_bytes(path, limits)
    if not content.startswith(_SIGNATURE) or len(content) < 26:
        raise ParseError("not a PNG file")
    if not is_grey_of_16_bits(content[:32]):
        raise UnsupportedError("not CT: a PNG with colours or 8 bits is a photograph or a picture of a screen")
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    check_size((height, width), limits)
    stored, words = _decoded(content, (height, width))
    scale = told_scale(slope, intercept) or _scale_in(words)
    if scale is None:
        raise UnsupportedError(
            "not known to be CT: no slope and intercept; if it is, give the intercept, such as -1000"
        )
    spacing = (pixel, pixel) if pixel is not None else _spacing_in(words)
    notes = () if spacing else ("The file does not say its spacing: taken for 1 mm.",)
    return Image(to_hounsfield(stored, *scale), spacing or (1.0, 1.0), Path(path).stem, notes)


def write_png(image: Image, path: str | Path) -> None:
    """Write one slice as 16-bit grey with its scale, exact to a sixteenth of a Hounsfield unit.

    Raises
    ------
    UnsupportedError
        It has several slices, or a range of more than 4095 HU.
    """
    from PIL import Image as Picture
    from PIL.PngImagePlugin import PngInfo

    if image.values.ndim != 2:
        raise UnsupportedError("a PNG holds one slice; write several as .nii or .nii.gz", file=str(path))
    lowest = float(np.floor(image.values.min()))
    stored = np.rint((image.values.astype(np.float64) - lowest) / _SLOPE)
    if stored.max() > _LEVELS:
        raise UnsupportedError(
            f"{image.values.min():g} to {image.values.max():g} HU is too wide a range for a PNG; write .nii or .nii.gz",
            file=str(path),
        )
    info = PngInfo()
    spacing = ",".join(repr(one) for one in image.spacing)
    for key, value in zip(_KEYS, (repr(_SLOPE), repr(lowest), spacing), strict=True):
        info.add_text(key, value)
    stream = io.BytesIO()
    Picture.fromarray(stored.astype(np.uint16)).save(stream, "PNG", pnginfo=info)
    write_whole(path, stream.getvalue())


def _decoded(content: bytes, shape: tuple[int, int]) -> tuple[np.ndarray[Any, np.dtype[np.uint16]], dict[str, Any]]:
    from PIL import Image as Picture

    try:
        with Picture.open(io.BytesIO(content), formats=["PNG"]) as picture:
            stored = np.asarray(picture)
            words = {str(key): value for key, value in picture.info.items()}
    except (OSError, SyntaxError, ValueError, EOFError, Picture.DecompressionBombError) as error:
        raise ParseError(f"not a whole PNG file: {error}") from error
    if stored.shape != shape or stored.dtype.kind not in "ui":
        raise ParseError(f"the header says {shape}, the pixels are {stored.shape} of {stored.dtype}")
    return stored.astype(np.uint16), words


def _scale_in(words: dict[str, Any]) -> tuple[float, float] | None:
    """Return slope and intercept as the text of a file states them, None where it does not."""
    if _KEYS[0] not in words or _KEYS[1] not in words:
        return None
    return _numbers(words[_KEYS[0]], 1)[0], _numbers(words[_KEYS[1]], 1)[0]


def _spacing_in(words: dict[str, Any]) -> tuple[float, ...] | None:
    return _numbers(words[_KEYS[2]], 2) if _KEYS[2] in words else None


def _numbers(text: object, count: int) -> tuple[float, ...]:
    try:
        numbers = tuple(float(one) for one in str(text)[:200].split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        raise ParseError(f"the text of the file states {str(text)[:60]!r} where {count} numbers should be")
    return numbers
