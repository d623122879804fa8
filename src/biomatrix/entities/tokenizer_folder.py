"""Structure tokenizer folders: a description in ``config.json``, weights in ``model.safetensors``, and their hash.

A folder describes itself: architecture, sizes, settings that alter codes, training data, licence, figures, and the
SHA-256 of the weights. Named folders come inside the package under the folder of their kind; nothing is fetched unless
a caller asks for the hub.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.json_files import read_object
from biomatrix.entities.files.tensor_files import read_header
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.hub import CONFIG_FILE, locate
from biomatrix.entities.kind_registry import kind as registered
from biomatrix.errors import WeightsError

DEFAULT_NAME = "default"
"""The alias of the tokenizer that a kind uses where none is named."""
TENSOR_FILE = "model.safetensors"
FORMAT_VERSION = 1
MAX_CONFIG_BYTES = 1 << 20
MAX_TENSOR_BYTES = 4 << 30
_FINGERPRINT_LENGTH = 12


@dataclass(frozen=True, eq=False)
class StoredWeights:
    """What a tokenizer folder holds.

    Parameters
    ----------
    name : str
        The shipped name, or the folder's own name.
    folder : Path
        Where it was read from.
    config : dict
        ``architecture``, ``settings`` (what alters the codes), sizes, training data, licence, figures.
    tensors : dict of str to ndarray
        The weights by name.
    fingerprint : str
        Twelve hexadecimal digits; two folders that share them give the same codes.
    """

    name: str
    folder: Path
    config: dict[str, Any]
    tensors: dict[str, NDArray[Any]]
    fingerprint: str

    @property
    def architecture(self) -> str:
        """The class of network, as the config names it."""
        return str(self.config["architecture"])

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that alter the codes; empty when none do."""
        return dict(self.config.get("settings", {}))

    @property
    def options(self) -> dict[str, Any]:
        """The options that the tokenizer had beside the weights when the folder was saved; empty for most."""
        return dict(self.config.get("options", {}))

    def require(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Raise WeightsError unless the weights are exactly the named tensors, finite, in these shapes (-1: any)."""
        require_tensors(self.tensors, shapes, file=str(self.folder / TENSOR_FILE))


def require_tensors(
    tensors: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[int, ...]], *, file: str | None = None
) -> None:
    """Raise WeightsError unless the tensors are exactly those named, finite, in these shapes (-1: any)."""
    missing, unexpected = sorted(shapes.keys() - tensors.keys()), sorted(tensors.keys() - shapes.keys())
    if missing or unexpected:
        raise WeightsError(
            f"tensor names differ: {len(missing)} missing {missing[:4]}, {len(unexpected)} unexpected {unexpected[:4]}",
            file=file,
        )
    for name, shape in shapes.items():
        actual = tensors[name].shape
        if len(actual) != len(shape) or any(e not in (-1, f) for e, f in zip(shape, actual, strict=True)):
            raise WeightsError(f"shape {actual} where {shape} is expected", file=file, position=name)
        if not np.isfinite(tensors[name]).all():
            raise WeightsError("holds values that are not finite", file=file, position=name)


def weights_root(kind: str) -> Path | None:
    """Return the folder that holds the shipped tokenizers of one kind, None where it ships none."""
    return registered(kind).weights


def shipped_names(kind: str) -> tuple[str, ...]:
    """Return the names of the shipped tokenizers of one kind, sorted."""
    return tuple(_shipped_folders(kind))


def shipped_name_of(kind: str, fingerprint: str) -> str | None:
    """Return the name of the shipped tokenizer of a fingerprint; None where none has it."""
    return next(
        (name for name, folder in _shipped_folders(kind).items() if read_fingerprint(folder) == fingerprint), None
    )


def read_fingerprint(folder: Path) -> str:
    """Return the fingerprint that a tokenizer folder's config gives; the weights are not read."""
    config = read_config(folder)
    return fingerprint_of(config["architecture"], config.get("settings", {}), config["sha256"])


def fingerprint_of(architecture: str, settings: Mapping[str, Any], tensor_sha256: str) -> str:
    """Return the fingerprint of an architecture, the settings that alter its codes, and its weights."""
    text = json.dumps([architecture, dict(settings), tensor_sha256], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_FINGERPRINT_LENGTH]


def save_weights(folder: str | Path, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> str:
    """Write a tokenizer folder, each file atomically, the config last; return the fingerprint.

    Parameters
    ----------
    folder : str or Path
        Created when it does not exist.
    config : mapping
        Must hold ``architecture``; ``settings`` is for what alters codes. The hash and the format version are added.
    tensors : mapping of str to ndarray
        What to store; equal tensors give equal bytes.

    Raises
    ------
    WeightsError
        The config names no architecture.
    """
    if not isinstance(config.get("architecture"), str):
        raise WeightsError("a tokenizer config must name its architecture", file=str(folder))
    folder = make_folder(folder)
    data = tensor_bytes(tensors)
    digest = hashlib.sha256(data).hexdigest()
    full = {**config, "format_version": FORMAT_VERSION, "sha256": digest}
    write_whole(folder / TENSOR_FILE, data)
    write_whole(folder / CONFIG_FILE, (json.dumps(full, indent=2, sort_keys=True) + "\n").encode())
    return fingerprint_of(full["architecture"], full.get("settings", {}), digest)


def tensor_bytes(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """Return tensors as the bytes of a safetensors file; equal tensors give equal bytes."""
    return bytes(save_tensors({name: np.asarray(tensors[name], order="C") for name in sorted(tensors)}))


def load_weights(
    kind: str,
    name_or_path: str | Path = DEFAULT_NAME,
    *,
    hub: bool = False,
    revision: str | None = None,
) -> StoredWeights:
    """Read a tokenizer folder and check its hash.

    Parameters
    ----------
    kind : str
        The kind whose shipped names count.
    name_or_path : str or Path
        A shipped name, ``default`` for the default of the kind, a folder, or with ``hub`` a repository of the Hugging
        Face hub.
    hub : bool
        Download from the hub. Never done unless asked for.
    revision : str, optional
        The branch, tag or commit on the hub.

    Raises
    ------
    WeightsError
        No such folder, or files that are damaged or do not belong together.
    """
    folder = find_folder(kind, name_or_path, hub=hub, revision=revision)
    config = read_config(folder)
    read_header(folder / TENSOR_FILE)  # says more than a hash that differs: a git-lfs pointer, a file cut short
    data = _read_limited(folder / TENSOR_FILE, MAX_TENSOR_BYTES)
    digest = hashlib.sha256(data).hexdigest()
    if digest != config["sha256"]:
        raise WeightsError(
            f"sha256 is {digest[:12]}..., the config says {str(config['sha256'])[:12]}...: damaged or mixed-up files",
            file=str(folder / TENSOR_FILE),
        )
    tensors = read_tensors(data, file=str(folder / TENSOR_FILE))
    fingerprint = fingerprint_of(config["architecture"], config.get("settings", {}), digest)
    return StoredWeights(folder.name, folder, config, tensors, fingerprint)


def find_folder(
    kind: str, name_or_path: str | Path = DEFAULT_NAME, *, hub: bool = False, revision: str | None = None
) -> Path:
    """Return the folder of a shipped name, of a path or, only with ``hub``, of a repository of the hub."""
    registration, request = registered(kind), str(name_or_path)
    if request == DEFAULT_NAME and not hub and registration.default_tokenizer is not None:
        name_or_path = registration.default_tokenizer
    try:
        return locate(
            name_or_path,
            what=f"{kind} structure tokenizer",
            shipped=_shipped_folders(kind),
            patterns=(CONFIG_FILE, TENSOR_FILE),
            hub=hub,
            revision=revision,
        )
    except WeightsError as error:
        if hub or request not in registration.former_tokenizers:
            raise
        raise WeightsError(
            f"no {kind} structure tokenizer {request!r}: {registration.former_tokenizers[request]}"
        ) from error


def _shipped_folders(kind: str) -> dict[str, Path]:
    """Return the folders of the shipped tokenizers of one kind, by name, sorted."""
    root = weights_root(kind)
    if root is None or not root.is_dir():
        return {}
    return {folder.name: folder for folder in sorted(root.iterdir()) if (folder / CONFIG_FILE).is_file()}


def read_tensors(data: bytes, *, file: str | None = None) -> dict[str, NDArray[Any]]:
    """Parse the bytes of a safetensors file; WeightsError where they are not one."""
    try:
        return dict(load_tensors(data))
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise WeightsError(f"not a safetensors file NumPy can hold: {error}", file=file) from error


def read_config(folder: Path) -> dict[str, Any]:
    """Return the config of a tokenizer folder, checked. Raises WeightsError where it is not valid."""
    path = folder / CONFIG_FILE
    config = read_object(path, WeightsError, MAX_CONFIG_BYTES)
    for key in ("architecture", "sha256"):
        if not isinstance(config.get(key), str):
            raise WeightsError(f"the config lacks {key!r}", file=str(path))
    for key in ("settings", "options"):
        if not isinstance(config.get(key, {}), dict):
            raise WeightsError(f"{key!r} is not an object", file=str(path))
    if config.get("format_version") != FORMAT_VERSION:
        raise WeightsError(
            f"format version {config.get('format_version')!r}, this program reads {FORMAT_VERSION}",
            file=str(path),
        )
    return config


def _read_limited(path: Path, limit: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > limit:
            raise WeightsError(f"{size} bytes, the limit is {limit}", file=str(path))
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(f"cannot be read: {error.strerror}", file=str(path)) from error
