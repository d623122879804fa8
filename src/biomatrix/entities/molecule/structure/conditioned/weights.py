"""The codec's weights as tensors: bond lengths and meanings by context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.conditioned.lengths import BondLengths
from biomatrix.entities.molecule.structure.conditioned.meanings import CodeMeanings
from biomatrix.entities.tokenizer_folder import require_tensors
from biomatrix.errors import WeightsError

ARCHITECTURE = "conditioned"
PLACE_LEVELS = 4
LENGTH_LEVELS = 4

_SHAPES: dict[str, tuple[int, ...]] = {
    "meanings.shared": (-1, 4),
    "meanings.shared_uses": (-1,),
    "meanings.parents": (-1,),
    "meanings.entries": (-1,),
    "meanings.values": (-1, 4),
    "meanings.uses": (-1,),
    **{f"meanings.keys.{level}": (-1,) for level in range(PLACE_LEVELS)},
    **{f"lengths.keys.{level}": (-1,) for level in range(LENGTH_LEVELS)},
    **{f"lengths.values.{level}": (-1, 2) for level in range(LENGTH_LEVELS)},
}


def tensors_of(lengths: BondLengths, meanings: CodeMeanings) -> dict[str, NDArray[Any]]:
    """Return the tensors that a tokenizer folder stores."""
    stored = meanings.tensors()
    for level, (keys, values) in enumerate(zip(lengths.keys, lengths.values, strict=True)):
        stored[f"lengths.keys.{level}"] = keys
        stored[f"lengths.values.{level}"] = values.astype(np.float32)
    return stored


def weights_from(tensors: Mapping[str, NDArray[Any]], *, file: str) -> tuple[BondLengths, CodeMeanings]:
    """Return what :func:`tensors_of` stored; WeightsError where names, shapes or parts do not fit."""
    require_tensors(tensors, _SHAPES, file=file)
    keys, values = [], []
    for level in range(LENGTH_LEVELS):
        keys.append(np.asarray(tensors[f"lengths.keys.{level}"], dtype=np.int64))
        values.append(np.asarray(tensors[f"lengths.values.{level}"], dtype=np.float64))
        if len(keys[-1]) != len(values[-1]) or (np.diff(keys[-1]) <= 0).any():
            raise WeightsError("bond lengths do not fit together", file=file, position=f"lengths.keys.{level}")
    return BondLengths(tuple(keys), tuple(values)), CodeMeanings.from_tensors(tensors, PLACE_LEVELS, file=file)
