"""Files of CT images, by their format: read as one image, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.opening import label_of
from biomatrix.entities.files.unpacking import without_packing
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, UnsupportedError
from biomatrix_ct.dicom import is_dicom, read_dicom
from biomatrix_ct.image import Image
from biomatrix_ct.nifti import is_nifti, read_nifti, write_nifti
from biomatrix_ct.png import is_grey_of_16_bits, read_png, write_png

EXTENSIONS: Final[dict[str, tuple[str, ...]]] = {"dicom": (".dcm",), "nifti": (".nii",), "ct-png": (".png",)}
_READERS: Final[dict[str, Callable[..., Image]]] = {"dicom": read_dicom, "nifti": read_nifti, "ct-png": read_png}
_WRITERS: Final[dict[str, Callable[[Image, str | Path], None]]] = {"nifti": write_nifti, "ct-png": write_png}


def format_in(head: bytes) -> str | None:
    """Return the format that the first bytes of a file show, None where none of CT."""
    if is_dicom(head):
        return "dicom"
    if is_nifti(head):
        return "nifti"
    return "ct-png" if is_grey_of_16_bits(head) else None


def format_named(path: str | Path) -> str:
    """Return the format that a name shows: that of its extension, or DICOM of a folder."""
    if Path(path).is_dir():
        return "dicom"
    extension = Path(without_packing(Path(path).name.lower())).suffix
    for name, extensions in EXTENSIONS.items():
        if extension in extensions:
            return name
    listed = ", ".join(one for extensions in EXTENSIONS.values() for one in extensions)
    raise UnsupportedError(
        f"the extension {extension!r} shows no format of CT ({listed}, .nii.gz, or a folder of .dcm)", file=str(path)
    )


def read_image(
    path: str | Path, file_format: str | None = None, *, limits: Limits = DEFAULT_LIMITS, **told: Any
) -> Image:
    """Return the image of a file or of a folder of DICOM slices.

    Parameters
    ----------
    path : str or Path
    file_format : {"dicom", "nifti", "ct-png"}, optional
        By default what the name shows.
    limits : Limits
    **told
        Of :class:`~biomatrix_ct.scale.CtReadingOptions`, for files that do not state their scale.

    Raises
    ------
    BioMatrixError
        It is no CT, broken, too large, or needs a library that is not installed; the message says which.
    """
    if not Path(path).exists():
        raise ParseError("cannot be read: there is no such file", file=label_of(path))
    name = file_format or format_named(path)
    given = {key: value for key, value in told.items() if value is not None}
    if name == "dicom" and given:
        raise ConfigurationError(f"DICOM states its scale itself: {', '.join(given)} cannot be given", file=str(path))
    try:
        return _READERS[name](path, limits, **given)
    except KeyError:
        raise ConfigurationError(f"{name!r} is no format of CT; formats are {', '.join(_READERS)}") from None
    except BioMatrixError as error:
        raise error.at(file=label_of(path)) from error
    except OSError as error:
        raise ParseError(f"cannot be read: {error.strerror or error}", file=label_of(path)) from error


def check_writable_format(path: str | Path) -> str:
    """Return the format that a file of this name is written in; UnsupportedError where none is."""
    try:
        name = format_named(path)
    except UnsupportedError:
        raise UnsupportedError("CT is written as .nii, .nii.gz or .png; name such a file", file=str(path)) from None
    if name not in _WRITERS:
        raise UnsupportedError("CT is not written as DICOM; name a .nii, .nii.gz or .png file", file=str(path))
    return name


def write_image(image: Image, path: str | Path, file_format: str | None = None) -> None:
    """Write an image as NIfTI, exactly, or one slice as a 16-bit PNG that states its scale."""
    name = file_format or check_writable_format(path)
    if name not in _WRITERS:
        raise UnsupportedError(f"CT is not written as {name}", file=str(path))
    _WRITERS[name](image, path)
