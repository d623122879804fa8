"""Opening and saving models: shipped in the package, a folder, or a repository of the Hugging Face hub."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biomatrix.errors import ConfigurationError, WeightsError

if TYPE_CHECKING:
    from biomatrix.generation.transformers_engine import TransformersEngine
    from biomatrix.vocabulary.vocabulary import Vocabulary

SHIPPED = Path(__file__).parent / "weights"
_FILES = ["*.json", "*.safetensors", "*.txt", "*.jinja"]
"""What is fetched from the hub: never a pickle."""

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

    given = _by_modality(structure_tokenizers)
    folder = _locate(name_or_path)
    vocabulary = Vocabulary.from_pretrained(folder, structure_tokenizers=given)
    place = device or ("cuda" if torch.cuda.is_available() else "cpu")
    chosen = dtype or ("float32" if place == "cpu" else "bfloat16")
    if place == "cpu":
        keep_freed_memory()
    return TransformersEngine(_open_network(folder, place, chosen), vocabulary, str(name_or_path))


def save_network(network: Any, vocabulary: Vocabulary, folder: Path) -> None:
    """Write a network and its vocabulary to a folder; each file is written aside and takes its name when whole."""
    from biomatrix.training.checkpoint import write_model

    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".model-", dir=folder))
    try:
        write_model(scratch, network, vocabulary, dtype=network.dtype)
        for path in sorted(scratch.iterdir()):
            os.replace(path, folder / path.name)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _by_modality(given: dict[str, Any]) -> dict[str, Any]:
    wrong = next((key for key in given if not key.endswith(_TOKENIZER_SUFFIX)), None)
    if wrong is not None:
        raise ConfigurationError(f"load takes no {wrong!r}; structure tokenizers are given as MODALITY_tokenizer=")
    return {key.removesuffix(_TOKENIZER_SUFFIX): value for key, value in given.items() if value is not None}


def _locate(name_or_path: str | Path) -> Path:
    """Return the local folder of a model, fetched from the hub if need be."""
    name = str(name_or_path)
    if not isinstance(name_or_path, Path) and (SHIPPED / name / "config.json").is_file() and "/" not in name:
        return SHIPPED / name
    folder = Path(name_or_path)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise WeightsError("the folder holds no config.json, so no model", file=name)
        return folder
    if isinstance(name_or_path, Path) or name.count("/") != 1 or name.startswith((".", "/", "~")):
        known = ", ".join(shipped_models()) or "none"
        raise WeightsError(f"no such folder, not a shipped model ({known}) and not a hub id (owner/name)", file=name)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=_FILES))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise WeightsError(
            "no such folder, and the Hugging Face hub did not give it; check the name and the network", file=name
        ) from error


def _open_network(folder: Path, device: str, dtype: str) -> Any:
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    kind = getattr(torch, dtype, None)
    if not isinstance(kind, torch.dtype):
        raise ConfigurationError(f"{dtype!r} is not a torch dtype, such as float32 or bfloat16")
    opener: Any = AutoModelForCausalLM
    progress: Any = logging
    shows_progress = progress.is_progress_bar_enabled()
    progress.disable_progress_bar()
    try:
        network, report = opener.from_pretrained(
            folder,
            dtype=kind,
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
        f"{len(report[kind])} {kind.replace('_', ' ')}, first {sorted(map(str, report[kind]))[0]}"
        for kind in ("missing_keys", "unexpected_keys", "mismatched_keys")
        if report.get(kind)
    ]
    if faults:
        raise WeightsError(f"the weights do not match config.json: {'; '.join(faults)}", file=str(folder))
    return network.to(device).eval()
