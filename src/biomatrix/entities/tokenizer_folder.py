"""Structure tokenizer folders: ``config.json`` that describes, ``model.safetensors`` that holds, and a hash
between them.

A folder describes itself: architecture, sizes, settings that alter codes, training data, licence, figures.
Named folders come inside the package under the folder of their kind; nothing is fetched unless a
caller asks for the hub.
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

from biomatrix.entities.files import write_whole
from biomatrix.entities.kind_registry import kind as registered
from biomatrix.errors import WeightsError

CONFIG_FILE = "config.json"
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

    def require(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Refuse the weights unless they are exactly the named tensors, finite, in the given shapes (-1:
        any)."""
        require_tensors(self.tensors, shapes, file=str(self.folder / TENSOR_FILE))


def require_tensors(
    tensors: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[int, ...]], *, file: str | None = None
) -> None:
    """Raise WeightsError unless the tensors are exactly those named, finite, in the given shapes (-1:
    any)."""
    missing, unexpected = sorted(shapes.keys() - tensors.keys()), sorted(tensors.keys() - shapes.keys())
    if missing or unexpected:
        raise WeightsError(
            f"tensor names differ: {len(missing)} missing {missing[:4]}, {len(unexpected)} unexpected {unexpected[:4]}",
            file=file,
        )
    for name, shape in shapes.items():
        found = tensors[name].shape
        if len(found) != len(shape) or any(e not in (-1, f) for e, f in zip(shape, found, strict=True)):
            raise WeightsError(f"shape {found} where {shape} is expected", file=file, position=name)
        if not np.isfinite(tensors[name]).all():
            raise WeightsError("holds values that are not finite", file=file, position=name)


def weights_root(kind: str) -> Path | None:
    """Return the folder that holds the shipped tokenizers of one kind, None where it ships none."""
    return registered(kind).weights


def shipped_names(kind: str) -> tuple[str, ...]:
    """Return the names of the shipped tokenizers of one kind, sorted."""
    root = weights_root(kind)
    if root is None or not root.is_dir():
        return ()
    return tuple(sorted(folder.name for folder in root.iterdir() if (folder / CONFIG_FILE).is_file()))


def shipped_name_of(kind: str, fingerprint: str) -> str | None:
    """Return the shipped tokenizer of a fingerprint, whatever it was once called; None if none has it."""
    for name in shipped_names(kind):
        config = _read_config(find_folder(kind, name) / CONFIG_FILE)
        if fingerprint_of(config["architecture"], config.get("settings", {}), config["sha256"]) == fingerprint:
            return name
    return None


def fingerprint_of(architecture: str, settings: Mapping[str, Any], tensor_sha256: str) -> str:
    """Return the fingerprint of an architecture, the settings that alter its codes, and its weights."""
    text = json.dumps([architecture, dict(settings), tensor_sha256], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_FINGERPRINT_LENGTH]


def save_weights(folder: str | Path, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> str:
    """Write a tokenizer folder, each file atomically, the config last; return the fingerprint.

    Parameters
    ----------
    folder : str or Path
        Made when it does not exist.
    config : mapping
        Must hold ``architecture``; ``settings`` is for what alters codes. The hash and format version are
        added.
    tensors : mapping of str to ndarray
        What to store; equal tensors give equal bytes.
    """
    if not isinstance(config.get("architecture"), str):
        raise WeightsError("a tokenizer config must name its architecture", file=str(folder))
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
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
    name_or_path: str | Path = "default",
    *,
    hub: bool = False,
    revision: str | None = None,
) -> StoredWeights:
    """Read a tokenizer folder and check its hash.

    Parameters
    ----------
    kind : str
        Which shipped names are meant.
    name_or_path : str or Path
        A shipped name, a folder, or with ``hub`` a repository of the Hugging Face hub.
    hub : bool
        Download from the hub. Never done unless asked for.
    revision : str, optional
        The branch, tag or commit on the hub.
    """
    folder = _download(str(name_or_path), revision) if hub else find_folder(kind, name_or_path)
    config = _read_config(folder / CONFIG_FILE)
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


def find_folder(kind: str, name_or_path: str | Path) -> Path:
    """Return the folder of a shipped name or a path, or say what there is."""
    text = str(name_or_path)
    if text and Path(text).name == text:  # a bare name, so never a path that leaves the shipped folder
        root = weights_root(kind)
        if root is not None and (root / text / CONFIG_FILE).is_file():
            return root / text
    folder = Path(name_or_path)
    if text and (folder / CONFIG_FILE).is_file():
        return folder
    names = ", ".join(shipped_names(kind)) or "none"
    raise WeightsError(
        f"no {kind} structure tokenizer {text!r}: neither a folder with {CONFIG_FILE} nor one of: {names}"
    )


def read_tensors(data: bytes, *, file: str | None = None) -> dict[str, NDArray[Any]]:
    """Parse the bytes of a safetensors file."""
    try:
        return dict(load_tensors(data))
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise WeightsError(f"not a safetensors file NumPy can hold: {error}", file=file) from error


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(_read_limited(path, MAX_CONFIG_BYTES))
    except ValueError as error:
        raise WeightsError(f"not JSON: {error}", file=str(path)) from error
    if not isinstance(config, dict):
        raise WeightsError("not a JSON object", file=str(path))
    for key in ("architecture", "sha256"):
        if not isinstance(config.get(key), str):
            raise WeightsError(f"the config lacks {key!r}", file=str(path))
    if not isinstance(config.get("settings", {}), dict):
        raise WeightsError("'settings' is not an object", file=str(path))
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


def _download(repository: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=[CONFIG_FILE, TENSOR_FILE]))
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise WeightsError(f"could not be had from the hub: {error}", file=repository) from error
