"""From the published checkpoint, a PyTorch file, to a tokenizer folder.

The file is read with ``weights_only=True``: nothing in it runs. Every size is read from the tensors, none from the
file name.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.entities.hub import CONFIG_FILE
from biomatrix.entities.molecule.structure.molstructok.checkpoint import ARCHITECTURE
from biomatrix.entities.molecule.structure.molstructok.network import expected_shapes
from biomatrix.entities.tokenizer_folder import require_tensors, save_weights
from biomatrix.errors import LimitError, WeightsError

MAX_BYTES = 256 << 20
MAX_WIDTH = 4096
MAX_CODES = 32_767
"""Codes are written as 16-bit integers."""

_COUNTER = "num_batches_tracked"
_UNREADABLE = (
    OSError,
    RuntimeError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    pickle.UnpicklingError,
)


@dataclass(frozen=True)
class Conversion:
    """The result of a conversion.

    Parameters
    ----------
    source, folder : str
        The file that was read, and the folder that was written.
    fingerprint : str
        Tokenizers with the same fingerprint give the same codes.
    origin_sha256 : str
        SHA-256 of the file that was read.
    num_tensors, num_parameters : int
    num_codes, hidden, latent : int
        Sizes, read from the tensors.
    live_codes : int
        Codes whose row differs from every row before it; the others are never chosen.
    decoders : tuple of str
        The values that ``decoder`` may take when the folder is opened.
    """

    source: str
    folder: str
    fingerprint: str
    origin_sha256: str
    num_tensors: int
    num_parameters: int
    num_codes: int
    hidden: int
    latent: int
    live_codes: int
    decoders: tuple[str, ...]

    def as_text(self) -> str:
        """Return a summary of three lines."""
        return (
            f"{self.source}: {self.num_tensors} tensors, {self.num_parameters:,} numbers, sha256 {self.origin_sha256}\n"
            f"{self.num_codes} codes ({self.live_codes} live), hidden {self.hidden}, latent {self.latent}, "
            f"decoders: {', '.join(self.decoders)}\n"
            f"{self.folder}: fingerprint {self.fingerprint}"
        )


def convert_checkpoint(path: str | Path, folder: str | Path, *, licence: str = "Apache-2.0") -> Conversion:
    """Turn the published checkpoint into a tokenizer folder that ``from_pretrained`` opens.

    Parameters
    ----------
    path : str or Path
        A file written by ``torch.save`` that holds a dictionary of tensors and nothing else.
    folder : str or Path
        Receives ``config.json`` and ``model.safetensors``; must not hold a tokenizer yet.
    licence : str
        Licence of the weights; the published ones are under Apache-2.0.

    Returns
    -------
    Conversion
        The folder, once opened, gives the codes of the checkpoint.

    Raises
    ------
    WeightsError
        Another kind of file, names, shapes or types other than the architecture demands, or values that are not finite.
    LimitError
        A file or a tensor larger than its limit.
    """
    path, folder = Path(path), Path(folder)
    if (folder / CONFIG_FILE).exists():
        raise WeightsError("holds a tokenizer already; name another folder or remove it", file=str(folder))
    loaded = _read(path)
    tensors = {name: _array(name, value, str(path)) for name, value in loaded.items()}
    require_tensors(tensors, expected_shapes(tensors, file=str(path)), file=str(path))
    num_codes, latent = tensors["quantizer.embedding.weight"].shape
    hidden = tensors["encoder.0.weight"].shape[0]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    config: dict[str, Any] = {
        "architecture": ARCHITECTURE,
        "name": folder.name,
        "licence": licence,
        "origin": {"file": path.name, "sha256": digest},
        "sizes": {"num_codes": num_codes, "hidden": hidden, "latent": latent},
        "settings": {},
    }
    return Conversion(
        str(path),
        str(folder),
        save_weights(folder, config, tensors),
        digest,
        len(tensors),
        sum(array.size for array in tensors.values()),
        num_codes,
        hidden,
        latent,
        len(np.unique(tensors["quantizer.embedding.weight"], axis=0)),
        ("branch", "trunk") if "decoder.0.weight" in tensors else ("branch",),
    )


def _read(path: Path) -> Mapping[str, Tensor]:
    """Return the tensors of a file, or say that it holds something else."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise LimitError(f"{size} bytes, the limit is {MAX_BYTES}", file=str(path))
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise WeightsError(f"not a checkpoint of plain tensors: {reason}", file=str(path)) from error
    if not isinstance(loaded, dict) or not loaded:
        raise WeightsError(f"holds a {type(loaded).__name__}, not a dictionary of tensors", file=str(path))
    for name, value in loaded.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise WeightsError(f"holds a {type(value).__name__}, not a tensor", file=str(path), position=str(name))
    return loaded


def _array(name: str, tensor: Tensor, file: str) -> NDArray[Any]:
    """Return a tensor as an array, once its type and size are checked."""
    expected = torch.int64 if name.endswith(_COUNTER) else torch.float32
    if tensor.dtype != expected or tensor.layout != torch.strided or tensor.device.type != "cpu":
        kind = f"{tensor.dtype} {tensor.layout} on {tensor.device}"
        raise WeightsError(f"{kind} where {expected} is expected", file=file, position=name)
    largest = MAX_CODES if name.startswith("quantizer.") else MAX_WIDTH
    if (
        any(length > limit for length, limit in zip(tensor.shape, (largest, MAX_WIDTH), strict=False))
        or tensor.dim() > 2
    ):
        raise LimitError(f"shape {tuple(tensor.shape)}, the limit is {largest} x {MAX_WIDTH}", file=file, position=name)
    return np.array(tensor.detach().numpy(), order="C")


__all__ = ["Conversion", "convert_checkpoint"]
