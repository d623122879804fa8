"""What ``config.json`` of a model folder says, checked for contradictions before a network is built from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.json_files import read_object
from biomatrix.entities.files.tensor_files import StoredTensor
from biomatrix.entities.hub import CONFIG_FILE
from biomatrix.errors import WeightsError

_SIZES: Final = {
    "hidden_size": 1 << 17,
    "intermediate_size": 1 << 20,
    "num_hidden_layers": 1 << 10,
    "num_attention_heads": 1 << 12,
    "num_key_value_heads": 1 << 12,
    "head_dim": 1 << 12,
    "vocab_size": 1 << 24,
    "max_position_embeddings": 1 << 28,
}
"""Whole numbers from 1, each with the most that is believed."""
_POSITIVE: Final = ("rms_norm_eps", "rope_theta", "initializer_range")
_SHAPES: Final = {
    "embed_tokens.weight": ("vocab_size", "hidden_size"),
    "lm_head.weight": ("vocab_size", "hidden_size"),
    "mlp.up_proj.weight": ("intermediate_size", "hidden_size"),
    "self_attn.q_proj.weight": ("query_size", "hidden_size"),
    "self_attn.k_proj.weight": ("key_size", "hidden_size"),
}
"""Tensors of a Qwen3, by the end of their names, with the sizes that their shapes show."""
_OURS: Final = "qwen3"


def read_model_config(folder: Path) -> dict[str, Any]:
    """Return the checked content of a model folder's ``config.json``.

    Raises
    ------
    WeightsError
        It cannot be read, contradicts itself, or asks for what is not done here: quantised weights, code of its own.
    """
    path = folder / CONFIG_FILE
    config = read_object(path, WeightsError)
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or not model_type:
        raise WeightsError('names no "model_type", so it describes no language model', file=str(path))
    _refuse_quantised(config, path)
    _refuse_remote_code(config, path)
    for name, most in _SIZES.items():
        value = config.get(name)
        if value is not None and (type(value) is not int or not 1 <= value <= most):
            raise WeightsError(f"{name} is a whole number from 1 to {most:,}, not {str(value)[:40]!r}", file=str(path))
    for name in _POSITIVE:
        value = config.get(name)
        if value is not None and not _is_positive(value):
            raise WeightsError(f"{name} is a number above 0, not {str(value)[:40]!r}", file=str(path))
    _check_heads(config, path)
    return config


def check_against_weights(config: Mapping[str, Any], tensors: Mapping[str, StoredTensor], folder: Path) -> None:
    """Raise WeightsError where the sizes of a Qwen3's config are not those that the shapes of its weights show."""
    if config["model_type"] != _OURS:
        return  # Transformers compares the shapes of every other model as it fills them
    path = str(folder / CONFIG_FILE)
    heads, width = config.get("num_attention_heads"), config.get("head_dim")
    sizes = {**config, "query_size": _product(heads, width)}
    sizes["key_size"] = _product(config.get("num_key_value_heads"), width)
    for name, tensor in tensors.items():
        expected = next((shape for ending, shape in _SHAPES.items() if name.endswith(ending)), ())
        for size, actual in zip(expected, tensor.shape, strict=False):
            said = sizes.get(size)
            if said is not None and said != actual:
                raise WeightsError(
                    f"{_described(size)} is {said:,}, but {name} in the weights has shape {list(tensor.shape)}: "
                    "configuration and weights are of different models",
                    file=path,
                )
    layers = {name.split(".layers.")[1].split(".")[0] for name in tensors if ".layers." in name}
    said = config.get("num_hidden_layers")
    if said is not None and layers and said != len(layers):
        raise WeightsError(f"num_hidden_layers is {said:,}, but the weights hold {len(layers):,} layers", file=path)


def _described(size: str) -> str:
    known = {
        "query_size": "num_attention_heads times head_dim",
        "key_size": "num_key_value_heads times head_dim",
    }
    return known.get(size, size)


def _product(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one * other


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _refuse_quantised(config: Mapping[str, Any], path: Path) -> None:
    described = config.get("quantization_config")
    if described is None:
        return
    method = described.get("quant_method") if isinstance(described, dict) else None
    if method is None and isinstance(described, dict):
        method = next((f"bitsandbytes {bits}-bit" for bits in (4, 8) if described.get(f"load_in_{bits}bit")), None)
    raise WeightsError(
        f"the weights are quantised ({method or 'quantization_config'}), which is not read here; open the model they "
        "were made from, in bfloat16 or float32, or write it out dequantised with the tool that made them",
        file=str(path),
    )


def _refuse_remote_code(config: Mapping[str, Any], path: Path) -> None:
    """Refuse an architecture that only code inside the folder describes: that code is never run."""
    if "auto_map" not in config:
        return
    from transformers.models.auto import configuration_auto

    if config["model_type"] not in vars(configuration_auto)["CONFIG_MAPPING_NAMES"]:
        raise WeightsError(
            f"model type {str(config['model_type'])[:40]!r} needs Python code that comes with the weights (auto_map), "
            "which is never run here; open a model of a type that Transformers knows, such as qwen3",
            file=str(path),
        )


def _check_heads(config: Mapping[str, Any], path: Path) -> None:
    hidden, heads = config.get("hidden_size"), config.get("num_attention_heads")
    keys, width = config.get("num_key_value_heads"), config.get("head_dim")
    if hidden and heads and width is None and hidden % heads:
        raise WeightsError(
            f"hidden_size {hidden:,} is no multiple of num_attention_heads {heads}, and there is no head_dim",
            file=str(path),
        )
    if heads and keys and heads % keys:
        raise WeightsError(
            f"num_attention_heads {heads} is no multiple of num_key_value_heads {keys}: every key serves as many heads",
            file=str(path),
        )
    if width is not None and width % 2:
        raise WeightsError(f"head_dim {width} is odd; rotary positions turn pairs of numbers", file=str(path))
