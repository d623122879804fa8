"""A model folder, checked from the outside before its network is built: no tensor is read, nothing in it runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.json_files import read_object
from biomatrix.entities.files.tensor_files import StoredTensor, read_header
from biomatrix.entities.hub import CONFIG_FILE
from biomatrix.errors import WeightsError
from biomatrix.training.model_config import check_against_weights, read_model_config

WEIGHTS_FILE: Final = "model.safetensors"
INDEX_FILE: Final = "model.safetensors.index.json"
ADAPTER_FILES: Final = ("adapter_config.json", "adapter_model.safetensors", "adapter_model.bin")
_PICKLES: Final = ("pytorch_model*.bin", "model*.bin", "*.pt", "*.pth", "*.ckpt")
_FLOATS: Final = frozenset({"F64", "F32", "F16", "BF16"})


def check_model_folder(folder: Path) -> None:
    """Check that a folder holds a whole model: a sound configuration, and weights that are complete and fit it.

    Reads the descriptions and the headers of the weights, some kilobytes, whatever the size of the model.

    Raises
    ------
    WeightsError
        With the file at fault: an adapter that is not merged; a configuration that is broken, contradicts itself or
        asks for quantised weights; weights that are missing, pickled, cut short, or of another shape than it says.
    """
    refuse_adapter(folder)
    config = read_model_config(folder)
    tensors = _stored_tensors(folder)
    for name, tensor in tensors.items():
        if tensor.dtype not in _FLOATS:
            raise WeightsError(
                f"{tensor.dtype} values where floats of 16 bits or more are expected: quantised weights are not read; "
                "open the model they were made from",
                file=str(folder),
                position=name,
            )
    check_against_weights(config, tensors, folder)
    generation = folder / "generation_config.json"
    if generation.exists():
        read_object(generation, WeightsError)
    _check_tied(config, tensors, folder)


def refuse_adapter(folder: Path) -> None:
    """Raise WeightsError where a folder holds an adapter, such as LoRA: its base model alone would answer instead."""
    found = next((folder / name for name in ADAPTER_FILES if (folder / name).exists()), None)
    if found is None:
        return
    base = ""
    description = folder / ADAPTER_FILES[0]
    if description.is_file():
        named = read_object(description, WeightsError).get("base_model_name_or_path")
        base = f" of the base model {named[:100]!r}" if isinstance(named, str) and named else ""
    raise WeightsError(
        f"an adapter (LoRA){base}, which is not applied here: merge it first, with peft: "
        "AutoPeftModelForCausalLM.from_pretrained(FOLDER).merge_and_unload().save_pretrained(NEW_FOLDER), "
        "copy the tokenizer files beside it, and open NEW_FOLDER; or remove the adapter files to open the base model",
        file=str(found),
    )


def _stored_tensors(folder: Path) -> dict[str, StoredTensor]:
    """Return what the weights of a folder say they hold: of one file, or of all that an index names."""
    whole, index = folder / WEIGHTS_FILE, folder / INDEX_FILE
    if whole.exists():
        return _checked_count(read_header(whole), whole)
    if index.exists():
        return _checked_count(_stored_shards(folder, index), index)
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    if pickles:
        raise WeightsError(
            f"the weights are pickled ({pickles[0]}), and a pickle can run any code, so none is opened; write them as "
            "safetensors: AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(NEW_FOLDER), where you trust "
            "them",
            file=str(folder),
        )
    raise WeightsError(f"the folder holds no weights: neither {WEIGHTS_FILE} nor {INDEX_FILE}", file=str(folder))


def _checked_count(tensors: dict[str, StoredTensor], file: Path) -> dict[str, StoredTensor]:
    if not tensors:
        raise WeightsError("holds no tensor", file=str(file))
    return tensors


def _stored_shards(folder: Path, index: Path) -> dict[str, StoredTensor]:
    weight_map = read_object(index, WeightsError).get("weight_map")
    if not isinstance(weight_map, dict) or not all(isinstance(name, str) for name in weight_map.values()):
        raise WeightsError('has no "weight_map" from tensors to files', file=str(index))
    tensors: dict[str, StoredTensor] = {}
    for shard in dict.fromkeys(weight_map.values()):
        if Path(shard).name != shard or not shard.endswith(".safetensors"):
            raise WeightsError(
                f"names {shard[:80]!r}; a shard is a .safetensors file in the same folder", file=str(index)
            )
        if not (folder / shard).exists():
            raise WeightsError(f"{shard} is missing, which the index names; fetch it", file=str(folder / shard))
        held = read_header(folder / shard)
        absent = [name for name, file in weight_map.items() if file == shard and name not in held]
        if absent:
            raise WeightsError(
                f"lacks {len(absent)} tensors that the index says it holds, first {absent[0][:80]}",
                file=str(folder / shard),
            )
        tensors |= {name: tensor for name, tensor in held.items() if weight_map.get(name) == shard}
    return tensors


def _check_tied(config: Mapping[str, Any], tensors: Mapping[str, StoredTensor], folder: Path) -> None:
    """Raise WeightsError where input and output embedding are said to be one, and the weights hold two that differ."""
    head, embedding = "lm_head.weight", "model.embed_tokens.weight"
    whole = folder / WEIGHTS_FILE
    if not config.get("tie_word_embeddings") or head not in tensors or embedding not in tensors or not whole.is_file():
        return
    from safetensors import safe_open

    with safe_open(str(whole), framework="pt") as stored:
        same = bool((stored.get_tensor(head) == stored.get_tensor(embedding)).all())
    if not same:
        raise WeightsError(
            f"tie_word_embeddings is true, but {head} differs from {embedding} in the weights; set it to false to use "
            "both",
            file=str(folder / CONFIG_FILE),
        )
