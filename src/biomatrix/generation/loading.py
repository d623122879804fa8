"""Opening and saving models: shipped in the package, a folder, or a repository of the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from biomatrix.entities.folders import files_written_aside
from biomatrix.entities.hub import locate
from biomatrix.errors import ConfigurationError, WeightsError

if TYPE_CHECKING:
    from biomatrix.generation.transformers_engine import TransformersEngine
    from biomatrix.vocabulary.vocabulary import Vocabulary

SHIPPED = Path(__file__).parent / "weights"
_FILES = ["*.json", "*.safetensors", "*.txt", "*.jinja"]
"""The files fetched from the hub: never a pickle."""
_WEIGHT_FILES = (
    "model.safetensors",
    "model-*-of-*.safetensors",
    "model.safetensors.index.json",
    "adapter_model.safetensors",
    "adapter_config.json",
    "generation_config.json",
)
"""Every file that a reader of a folder may take for part of the network, its configuration aside."""

_TOKENIZER_SUFFIX = "_tokenizer"


def shipped_models() -> tuple[str, ...]:
    """Return the names of the models inside the package."""
    if not SHIPPED.is_dir():
        return ()
    return tuple(sorted(path.name for path in SHIPPED.iterdir() if (path / "config.json").is_file()))


def open_engine(
    name_or_path: str | Path,
    *,
    device: str | None = None,
    dtype: str | None = None,
    **structure_tokenizers: Any,
) -> TransformersEngine:
    """Open a network and its vocabulary; see :meth:`biomatrix.generation.model.Model.from_pretrained`."""
    import torch

    from biomatrix.generation.transformers_engine import TransformersEngine
    from biomatrix.training.host_memory import keep_freed_memory
    from biomatrix.vocabulary.vocabulary import Vocabulary

    tokenizers = _by_modality(structure_tokenizers)
    folder = _locate(name_or_path)
    vocabulary = Vocabulary.from_pretrained(folder, structure_tokenizers=tokenizers)
    place = device or ("cuda" if torch.cuda.is_available() else "cpu")
    precision = dtype or ("float32" if place == "cpu" else "bfloat16")
    if place == "cpu":
        keep_freed_memory()
    return TransformersEngine(_open_network(folder, place, precision), vocabulary, str(name_or_path))


def save_network(network: Any, vocabulary: Vocabulary, folder: Path) -> None:
    """Write a network and its vocabulary to a folder; each file is written aside and takes its name when whole.

    Files of an older network or tokenizer in the folder are replaced or removed.
    """
    from biomatrix.training.checkpoint import write_model
    from biomatrix.vocabulary.folder import LAYOUT_FILES

    with files_written_aside(folder, (*LAYOUT_FILES, *_WEIGHT_FILES)) as aside:
        write_model(aside, network, vocabulary, dtype=network.dtype)


def _by_modality(arguments: dict[str, Any]) -> dict[str, Any]:
    unknown = next((key for key in arguments if not key.endswith(_TOKENIZER_SUFFIX)), None)
    if unknown is not None:
        raise ConfigurationError(f"load takes no {unknown!r}; structure tokenizers are given as MODALITY_tokenizer=")
    return {key.removesuffix(_TOKENIZER_SUFFIX): value for key, value in arguments.items() if value is not None}


def _locate(name_or_path: str | Path) -> Path:
    """Return the local folder of a model, fetched from the hub where needed."""
    shipped = {name: SHIPPED / name for name in shipped_models()}
    return locate(name_or_path, what="model", shipped=shipped, patterns=_FILES)


def _open_network(folder: Path, device: str, dtype: str) -> Any:
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    torch_dtype = getattr(torch, dtype, None)
    if not isinstance(torch_dtype, torch.dtype):
        raise ConfigurationError(f"{dtype!r} is not a torch dtype, such as float32 or bfloat16")
    opener: Any = AutoModelForCausalLM
    progress: Any = logging
    shows_progress = progress.is_progress_bar_enabled()
    progress.disable_progress_bar()
    try:
        network, report = opener.from_pretrained(
            folder,
            dtype=torch_dtype,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise WeightsError(f"cannot open the model: {error}", file=str(folder)) from error
    finally:
        if shows_progress:
            progress.enable_progress_bar()
    faults = [
        f"{len(report[fault])} {fault.replace('_', ' ')}, first {sorted(map(str, report[fault]))[0]}"
        for fault in ("missing_keys", "unexpected_keys", "mismatched_keys")
        if report.get(fault)
    ]
    if faults:
        raise WeightsError(f"the weights do not match config.json: {'; '.join(faults)}", file=str(folder))
    return network.to(device).eval()
