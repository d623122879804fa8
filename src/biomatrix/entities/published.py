"""Which published checkpoint a file is, recognised by its tensor names; no code in the file is run."""

from __future__ import annotations

import zipfile
from inspect import signature
from pathlib import Path
from typing import Any

from biomatrix.entities.files.folders import check_folder
from biomatrix.entities.files.json_files import read_head
from biomatrix.entities.kind_registry import kind as registered
from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.entities.registration import PublishedCheckpoint
from biomatrix.entities.tokenizer_folder import StoredWeights
from biomatrix.errors import ConfigurationError, WeightsError

_MAX_BYTES = 64 << 20
_LEGACY_BYTES = 8 << 20
_TENSOR_SUFFIX = ".safetensors"


def published_architecture(path: str | Path) -> str:
    """Return the architecture of a published checkpoint, by the name that its kind registers.

    Parameters
    ----------
    path : str or Path
        As ``torch.save`` wrote it, a zip whose ``data.pkl`` names the tensors or the older single pickle; or a
        safetensors file.

    Raises
    ------
    WeightsError
        The file cannot be read, or holds no tensor of a known architecture.
    """
    return _recognise(Path(path))[0]


def convert_published(file: str | Path, folder: str | Path, **settings: Any) -> Any:
    """Turn a published checkpoint into a tokenizer folder; return the converter's report, which has ``as_text()``.

    Parameters
    ----------
    file : path
        See :func:`published_architecture`.
    folder : path
        Receives ``config.json`` and ``model.safetensors``; must not hold a tokenizer yet.
    **settings
        What the architecture's converter takes besides; None counts as not given.

    Raises
    ------
    WeightsError
        Not such a file, or a folder that is taken.
    ConfigurationError
        A setting that the converter does not take.
    """
    check_folder(folder)
    architecture, checkpoint = _recognise(Path(file))
    convert = load_attribute(checkpoint.convert)
    arguments = {name: value for name, value in settings.items() if value is not None}
    for name in arguments.keys() - signature(convert).parameters.keys():
        raise ConfigurationError(f"{architecture!r} is converted without {name!r}", file=str(file))
    return convert(Path(file), Path(folder), **arguments)


def is_tensor_file(name_or_path: str | Path) -> bool:
    """Return whether a name is that of a safetensors file rather than of a folder."""
    return str(name_or_path).endswith(_TENSOR_SUFFIX)


def read_published(kind: str, file: Path) -> StoredWeights:
    """Return the weights of a published checkpoint as a safetensors file, for a structure tokenizer of that kind.

    Raises
    ------
    WeightsError
        The kind cannot read the file as it is: it is another file, or must be converted first.
    """
    architecture, checkpoint = _recognise(file)
    if registered(kind).published.get(architecture) is not checkpoint:
        raise WeightsError(f"published weights of {architecture!r}, which is not for {kind}s", file=str(file))
    if checkpoint.read is None:
        raise WeightsError(
            f"published weights of {architecture!r}; make a folder of them first: biomatrix tokenizer convert",
            file=str(file),
        )
    stored: StoredWeights = load_attribute(checkpoint.read)(file)
    return stored


def _recognise(file: Path) -> tuple[str, PublishedCheckpoint]:
    checkpoints = {name: checkpoint for one in kinds() for name, checkpoint in one.published.items()}
    try:
        names = _names(file).replace(b"_orig_mod.", b"")
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise WeightsError(f"cannot be read: {error}", file=str(file)) from error
    for name, checkpoint in sorted(checkpoints.items(), key=lambda pair: -len(pair[1].mark)):
        if checkpoint.mark in names:
            return name, checkpoint
    raise WeightsError(f"not a checkpoint of plain tensors of {' or '.join(sorted(checkpoints))}", file=str(file))


def _names(file: Path) -> bytes:
    """Return the part of a file that holds the names of its tensors."""
    read_head(file, 64, WeightsError)
    if not zipfile.is_zipfile(file):
        with file.open("rb") as stream:
            return stream.read(_LEGACY_BYTES)
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.filename.split("/")[-1] == "data.pkl":
                with archive.open(member) as stream:
                    return stream.read(_MAX_BYTES)
    return b""
