"""Opening and saving models: shipped in the package, a folder, or a repository of the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biomatrix.entities.files.folders import files_written_aside
from biomatrix.entities.files.paths import is_folder
from biomatrix.entities.hub import locate
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.training.model_folder import check_model_folder, refuse_adapter
from biomatrix.training.network import check_finite, one_line, open_network

if TYPE_CHECKING:
    import torch

    from biomatrix.generation.qwen3.network import Qwen3
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
    tokenizers = by_modality(structure_tokenizers)
    folder = model_folder(name_or_path)
    check_model_folder(folder)

    from biomatrix.generation.devices import torch_device, torch_dtype
    from biomatrix.generation.transformers_engine import TransformersEngine
    from biomatrix.training.host_memory import keep_freed_memory
    from biomatrix.vocabulary.vocabulary import Vocabulary

    place = torch_device(device)
    precision = torch_dtype(dtype, place)
    vocabulary = Vocabulary.from_pretrained(folder, structure_tokenizers=tokenizers)
    if place.type == "cpu":
        keep_freed_memory()
    network = _open_plain(folder, place, precision) or _open_network(folder, place, precision)
    return TransformersEngine(network, vocabulary, str(name_or_path))


def save_network(network: Any, vocabulary: Vocabulary, folder: Path) -> None:
    """Write a network and its vocabulary to a folder; each file is written aside and takes its name when whole.

    Files of an older network or tokenizer in the folder are replaced or removed.
    """
    from biomatrix.training.checkpoint import write_model
    from biomatrix.vocabulary.folder import LAYOUT_FILES

    with files_written_aside(folder, (*LAYOUT_FILES, *_WEIGHT_FILES)) as aside:
        write_model(aside, network, vocabulary, dtype=network.dtype)


def by_modality(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return structure tokenizers by modality, given as ``MODALITY_tokenizer``; ConfigurationError for other names."""
    unknown = next((key for key in arguments if not key.endswith(_TOKENIZER_SUFFIX)), None)
    if unknown is not None:
        raise ConfigurationError(f"load takes no {unknown!r}; structure tokenizers are given as MODALITY_tokenizer=")
    return {key.removesuffix(_TOKENIZER_SUFFIX): value for key, value in arguments.items() if value is not None}


def model_folder(name_or_path: str | Path) -> Path:
    """Return the local folder of a model, fetched from the hub where needed."""
    if not isinstance(name_or_path, str | Path):
        raise ConfigurationError(f"a model is named by a text or a Path, not {type(name_or_path).__name__}")
    shipped = {name: SHIPPED / name for name in shipped_models()}
    try:
        return locate(name_or_path, what="model", shipped=shipped, patterns=_FILES)
    except WeightsError:
        if is_folder(name_or_path):
            folder = Path(name_or_path)
            refuse_adapter(folder)  # a folder of an adapter alone holds no config.json
            if (folder / "model" / "config.json").is_file():
                inside = folder / "model"
                raise WeightsError(f"the output of a training run; its model is {inside}", file=str(folder)) from None
        raise


def _open_plain(folder: Path, device: torch.device, dtype: torch.dtype) -> Qwen3 | None:
    """Open a folder without importing Transformers; None where that cannot be."""
    from biomatrix.generation.qwen3.opening import open_plain

    if device.type not in ("cpu", "cuda"):
        return None
    with _going_to(device):
        network = open_plain(folder, dtype, device)
    if network is not None:
        check_finite(network, folder)
    return network


def _open_network(folder: Path, device: torch.device, dtype: torch.dtype) -> Any:
    network = open_network(folder, dtype)
    with _going_to(device):
        network = network.to(device)
    check_finite(network, folder)
    return network.eval()


@contextmanager
def _going_to(device: torch.device) -> Iterator[None]:
    """Raise ConfigurationError for what goes wrong on the way to a device: most often its memory is too small."""
    try:
        yield
    except RuntimeError as error:
        raise ConfigurationError(f"the model does not go to the device {str(device)!r}: {one_line(error)}") from error
