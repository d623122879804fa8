"""Safetensors files, checked by their header alone: are they whole, and what do they say they hold?

The format: 8 bytes with the length of the header, the header in JSON, then the bytes of the tensors without a gap.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.json_files import read_head
from biomatrix.errors import WeightsError

MAX_HEADER_BYTES: Final = 100_000_000
"""The longest header that the format allows."""

_LENGTH_BYTES: Final = 8
_METADATA: Final = "__metadata__"
_BYTES: Final = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2,
    "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1, "C64": 8,
}  # fmt: skip
"""The bytes of one value, by the name of its type; types packed below a byte are not known here."""


@dataclass(frozen=True)
class StoredTensor:
    """What a header says of one tensor.

    Parameters
    ----------
    dtype : str
        As the format names it, such as ``BF16``.
    shape : tuple of int
    """

    dtype: str
    shape: tuple[int, ...]


def read_header(path: Path) -> dict[str, StoredTensor]:
    """Return the tensors that a safetensors file says it holds, by name; their values are not read.

    Raises
    ------
    WeightsError
        The file is missing, empty, a folder, a git-lfs pointer, cut short, or no safetensors file.
    """
    start = read_head(path, _LENGTH_BYTES + 64, WeightsError)
    if not start:
        raise WeightsError("the file is empty", file=str(path))
    size, length = path.stat().st_size, int.from_bytes(start[:_LENGTH_BYTES], "little")
    if len(start) < _LENGTH_BYTES or length > MAX_HEADER_BYTES or not start[_LENGTH_BYTES:].startswith(b"{"):
        raise WeightsError(f"not a safetensors file (it begins with {start[:16]!r})", file=str(path))
    if _LENGTH_BYTES + length > size:
        raise WeightsError(f"cut short: {size:,} bytes, and the header alone has {length:,}", file=str(path))
    header = _parse(read_head(path, _LENGTH_BYTES + length, WeightsError)[_LENGTH_BYTES:], path)
    tensors = {name: _tensor(name, entry, path) for name, entry in header.items() if name != _METADATA}
    _check_size(header, size - _LENGTH_BYTES - length, path)
    return tensors


def _parse(content: bytes, path: Path) -> dict[str, Any]:
    try:
        header = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"not a safetensors file: its header is no JSON ({error})", file=str(path)) from error
    if not isinstance(header, dict):
        raise WeightsError("not a safetensors file: its header is no JSON object", file=str(path))
    return header


def _tensor(name: str, entry: Any, path: Path) -> StoredTensor:
    """Return one entry of a header, its shape and place checked against one another."""
    try:
        dtype, shape, (start, stop) = str(entry["dtype"]), tuple(entry["shape"]), entry["data_offsets"]
        sound = all(isinstance(one, int) and one >= 0 for one in (*shape, start, stop)) and start <= stop
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError("the header does not describe this tensor", file=str(path), position=name) from error
    if not sound or (dtype in _BYTES and stop - start != prod(shape) * _BYTES[dtype]):
        raise WeightsError(
            f"the header gives {stop - start} bytes to {dtype} values of shape {list(shape)}"
            if sound
            else "the header does not describe this tensor",
            file=str(path),
            position=name,
        )
    return StoredTensor(dtype, shape)


def _check_size(header: dict[str, Any], held: int, path: Path) -> None:
    needed = max((entry["data_offsets"][1] for name, entry in header.items() if name != _METADATA), default=0)
    if held < needed:
        raise WeightsError(
            f"cut short: the tensors need {needed:,} bytes and the file holds {held:,}; fetch it again", file=str(path)
        )
    if held > needed:
        raise WeightsError(f"{held - needed:,} bytes too many after the last tensor: a damaged file", file=str(path))
