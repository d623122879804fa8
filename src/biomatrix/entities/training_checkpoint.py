"""The checkpoint of a tokenizer's training: one safetensors file, read strictly or refused by name."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.tokenizer_folder import read_tensors
from biomatrix.errors import WeightsError

_ADVICE = "move it away to begin anew, or give another output folder"
_HEADER_SIZE = 8


def read_training_checkpoint(
    path: Path, names: Collection[str] = ()
) -> tuple[dict[str, NDArray[Any]], dict[str, str]] | None:
    """Return the tensors of a checkpoint and its metadata; None where there is no such file.

    Parameters
    ----------
    path : Path
    names : collection of str
        Tensors that it must hold.

    Raises
    ------
    WeightsError
        It cannot be read, is cut or no safetensors file, lacks a tensor, or holds a value that is not finite.
    """
    if not path.exists():
        return None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"the checkpoint cannot be read: {error.strerror}; {_ADVICE}", file=str(path)) from error
    try:
        tensors = read_tensors(data, file=str(path))
    except WeightsError as error:
        raise WeightsError(f"the checkpoint is damaged ({error.message}); {_ADVICE}", file=str(path)) from error
    missing = sorted(set(names) - tensors.keys())
    if missing:
        raise WeightsError(f"the checkpoint lacks {', '.join(missing)}; {_ADVICE}", file=str(path))
    broken = [name for name, array in tensors.items() if array.dtype.kind == "f" and not np.isfinite(array).all()]
    if broken:
        raise WeightsError(
            f"the checkpoint holds values that are not finite, in {broken[0]}; {_ADVICE}", file=str(path)
        )
    return tensors, _metadata(data)


def _metadata(data: bytes) -> dict[str, str]:
    """Return the metadata of the bytes of a safetensors file that has been read."""
    size = int.from_bytes(data[:_HEADER_SIZE], "little")
    header = json.loads(data[_HEADER_SIZE : _HEADER_SIZE + size])
    return dict(header.get("__metadata__") or {})
