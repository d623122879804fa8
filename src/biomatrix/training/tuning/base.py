"""The frozen weights that an adapter belongs to, known by content: a path or a hub id may come to hold others."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from biomatrix.training.identity import DataIdentity
    from biomatrix.training.tuning.mode import Tuning


def with_base(data: DataIdentity | None, tuning: Tuning) -> DataIdentity | None:
    """Return what a run learns from, with the hash of its base where checkpoints hold the trained weights alone."""
    return replace(data, base=base_hash(tuning)) if data is not None and tuning.trained_only else data


def base_hash(tuning: Tuning) -> str:
    """Return the SHA-256 of the names and every byte of a model's frozen parameters.

    Parameters
    ----------
    tuning : Tuning
        Of a model that is whole on this process: ask before its parameters are sharded. A gigabyte takes about a
        second.
    """
    digest = hashlib.sha256()
    frozen = {name: one for name, one in tuning.model.named_parameters() if not one.requires_grad}
    for name in sorted(frozen):
        tensor = frozen[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)};".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
