"""Opening a folder as a plain decoder, where it holds nothing else; Transformers opens, or refuses, all others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from biomatrix.entities.files.json_files import object_or_none
from biomatrix.generation.qwen3.configuration import Configuration
from biomatrix.generation.qwen3.network import Qwen3
from biomatrix.training.progress_bar import without_progress_bar

_WEIGHTS: Final = "model.safetensors"
_MORE_THAN_ONE_FILE: Final = ("model.safetensors.index.json", "adapter_config.json", "adapter_model.safetensors")


def open_plain(folder: Path, dtype: torch.dtype, device: torch.device | None = None) -> Qwen3 | None:
    """Open a folder for answering.

    Parameters
    ----------
    folder : Path
        In the ordinary layout.
    dtype : torch.dtype
        What the weights are turned into.
    device : torch.device, optional
        Where they go; the CPU when not given.

    Returns
    -------
    Qwen3 or None
        None where the folder is anything but one whole file of weights of a plain Qwen3 decoder, each tensor present
        and of its shape, and none besides. What is wrong with it, if anything, is for Transformers to say.
    """
    if any((folder / name).exists() for name in _MORE_THAN_ONE_FILE):
        return None
    settings = object_or_none(folder / "config.json")
    config = None if settings is None else Configuration.read(settings)
    if settings is None or config is None:
        return None
    tensors = _tensors(folder / _WEIGHTS, config.shapes(), dtype, device or torch.device("cpu"))
    if tensors is None:
        return None
    generation = object_or_none(folder / "generation_config.json")
    return Qwen3(config, tensors, lambda weights: _stock(settings, generation, weights, str(folder)))


def _tensors(
    path: Path, shapes: Mapping[str, tuple[int, ...]], dtype: torch.dtype, device: torch.device
) -> dict[str, Tensor] | None:
    """Return the tensors of these names and shapes; None where the file holds others, or does not open."""
    try:
        with safe_open(path, framework="pt") as file:
            if (file.metadata() or {}).get("format") != "pt" or set(file.keys()) != set(shapes):
                return None
            tensors = {name: file.get_tensor(name) for name in shapes}
    except (OSError, SafetensorError):
        return None
    if any(tensor.shape != shapes[name] or not tensor.is_floating_point() for name, tensor in tensors.items()):
        return None
    return {name: tensor.to(device, dtype) for name, tensor in tensors.items()}


def _stock(
    settings: Mapping[str, Any], generation: Mapping[str, Any] | None, weights: Mapping[str, Tensor], name: str
) -> Any:
    """Return the Transformers network of weights in memory; the folder may have changed since they were read."""
    import transformers

    stock: Any = transformers
    config = stock.Qwen3Config(**settings)
    dtype = weights["model.norm.weight"].dtype
    with without_progress_bar():
        network = stock.Qwen3ForCausalLM.from_pretrained(None, config=config, state_dict=dict(weights), dtype=dtype)
    network.config.name_or_path = network.name_or_path = name
    if generation is not None:
        network.generation_config = stock.GenerationConfig(**generation)
    return network.to(weights["model.norm.weight"].device).eval()
