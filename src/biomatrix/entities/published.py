"""Which published checkpoint a file of PyTorch is, told by the tensor names in it; nothing in it runs."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from biomatrix.errors import WeightsError

PublishedArchitecture = Literal["molstructok", "gcp_vqvae"]

_MAX_BYTES = 64 << 20
_LEGACY_BYTES = 8 << 20
_MARKS: dict[PublishedArchitecture, bytes] = {
    "gcp_vqvae": b"vqvae.vector_quantizer.",
    "molstructok": b"quantizer.embedding.",
}


def published_architecture(path: str | Path) -> PublishedArchitecture:
    """Return whose checkpoint a file is.

    Parameters
    ----------
    path : str or Path
        As ``torch.save`` wrote it, a zip whose ``data.pkl`` names the tensors or the older single pickle; or a
        safetensors file.

    Raises
    ------
    WeightsError
        The file cannot be read, or names no tensor of either.
    """
    file = Path(path)
    try:
        names = _names(file).replace(b"_orig_mod.", b"")
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise WeightsError(f"cannot be read: {error}", file=str(file)) from error
    for architecture, mark in _MARKS.items():
        if mark in names:
            return architecture
    raise WeightsError("not a checkpoint of plain tensors of MolStrucTok or GCP-VQVAE", file=str(file))


def _names(file: Path) -> bytes:
    """The part of a file that holds the names of its tensors."""
    if not zipfile.is_zipfile(file):
        with file.open("rb") as stream:
            return stream.read(_LEGACY_BYTES)
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.filename.split("/")[-1] == "data.pkl":
                with archive.open(member) as stream:
                    return stream.read(_MAX_BYTES)
    return b""
