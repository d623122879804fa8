"""A hash of a network's weights that takes milliseconds, whatever the size and wherever they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import torch

from biomatrix.errors import WeightsError

_VALUES: Final = 256
"""Values of each tensor that are hashed, at equal distances."""
_HEAD: Final = "lm_head.weight"
_EMBEDDING: Final = "model.embed_tokens.weight"


def model_hash(parameters: Iterable[tuple[str, torch.Tensor]]) -> str:
    """Return a SHA-256, in hexadecimal, of names, shapes and some hundred values of every tensor.

    Values count as bfloat16, so that a network opened in that precision on a GPU is the one that a CPU has in float32.
    Training changes nearly every value, so a sample of them tells one model from another; it is no proof against
    somebody who means to deceive. An output layer tied to the embedding counts once.

    Parameters
    ----------
    parameters : iterable of (str, Tensor)
        As ``network.named_parameters()`` yields them, in any order.
    """
    digests = {name: _digest(tensor.detach()) for name, tensor in parameters}
    if digests.get(_HEAD) == digests.get(_EMBEDDING):
        digests.pop(_HEAD, None)
    return hashlib.sha256("".join(f"{name} {digests[name]};" for name in sorted(digests)).encode()).hexdigest()


def folder_hash(folder: Path) -> str:
    """Return the :func:`model_hash` of the weights in a model folder, read without a network."""
    return model_hash(_tensors(folder))


def folder_embedding(folder: Path) -> torch.Tensor:
    """Return the weights of the input embedding in a model folder, ``[V, D]``; WeightsError where it holds none."""
    from safetensors import safe_open

    for path in sorted(folder.glob("model*.safetensors")):
        with safe_open(path, framework="pt") as file:
            if _EMBEDDING in file.keys():  # noqa: SIM118  # it is no mapping
                weight: torch.Tensor = file.get_tensor(_EMBEDDING)
                return weight
    raise WeightsError(f"no {_EMBEDDING} is stored here", file=str(folder))


def _tensors(folder: Path) -> Iterator[tuple[str, torch.Tensor]]:
    from safetensors import safe_open

    for path in sorted(folder.glob("model*.safetensors")):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118  # it is no mapping
                yield name, file.get_tensor(name)


def _digest(tensor: torch.Tensor) -> str:
    flat = tensor.reshape(-1)
    places = torch.linspace(0, max(len(flat) - 1, 0), min(_VALUES, len(flat)), dtype=torch.float64).long()
    values = flat[places.to(flat.device)].to(torch.bfloat16).cpu().view(torch.int16)
    return hashlib.sha256(f"{tuple(tensor.shape)}".encode() + values.numpy().tobytes()).hexdigest()
