"""The weighted mean of model folders of one architecture: checkpoints of one run, or models tuned from one start.

Each tensor is averaged in float64, one at a time, so memory holds the result and little else.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from biomatrix.entities.files.folders import folder_written_aside
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.files.json_files import read_object
from biomatrix.entities.hub import CONFIG_FILE
from biomatrix.entities.same_run import differences, told
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.training.model_folder import INDEX_FILE, WEIGHTS_FILE, check_model_folder

NOTE_FILE: Final = "average.json"
"""The file that says what a folder is the average of."""
_TOKENIZER, _HEAD = "tokenizer.json", "lm_head.weight"
_COPIED: Final = (".json", ".txt", ".jinja", ".model")
_LEFT: Final = (CONFIG_FILE, INDEX_FILE, NOTE_FILE, "training_state.json")
_NO_MATTER: Final = ("dtype", "torch_dtype", "transformers_version", "_name_or_path", "use_cache", "architectures")
"""Words of a configuration in which folders of one architecture may differ."""


def average_models(folders: Sequence[Path], output: Path, weights: Sequence[float] = ()) -> dict[str, float]:
    """Write the average of model folders as another one, which stock loaders open.

    Parameters
    ----------
    folders : sequence of Path
        Two or more; checkpoints of a run count. The tokenizer and the configuration are those of the first.
    output : Path
        A folder that does not exist, or is empty.
    weights : sequence of float, optional
        One for each folder, above 0, scaled to a sum of 1; equal ones if none.

    Returns
    -------
    dict of str to float
        The share of each folder, by its path.

    Raises
    ------
    ConfigurationError
        Fewer than two folders, weights that do not fit, or an output folder that holds something.
    WeightsError
        A folder holds no whole model, or one of another architecture, size or vocabulary than the first.
    """
    shares = _shares(folders, weights)
    if output.is_dir() and any(output.iterdir()):
        raise ConfigurationError("the folder holds files already; choose another", file=str(output))
    places = [_checked(folder, folders[0]) for folder in folders]
    averaged = {name: _mean(name, [place[name] for place in places], shares) for name in places[0]}
    note = {
        "folders": [
            {
                "folder": str(folder),
                "share": share,
                "sha256": {f.name: file_sha256(f) for f in sorted({*place.values()})},
            }
            for folder, share, place in zip(folders, shares, places, strict=True)
        ]
    }
    with folder_written_aside(output) as part:
        for file in sorted(folders[0].iterdir()):
            if file.suffix in _COPIED and file.name not in _LEFT:
                shutil.copyfile(file, part / file.name)
        config = _config(folders[0])
        config.pop("torch_dtype", None)
        config["dtype"] = str(averaged[max(averaged, key=lambda name: averaged[name].numel())].dtype)[len("torch.") :]
        (part / CONFIG_FILE).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        (part / NOTE_FILE).write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
        save_file(averaged, part / WEIGHTS_FILE, metadata={"format": "pt"})
        (part / WEIGHTS_FILE).chmod(0o644)  # safetensors makes the file private; models are for all to read
    return {str(folder): share for folder, share in zip(folders, shares, strict=True)}


def _shares(folders: Sequence[Path], weights: Sequence[float]) -> list[float]:
    if len(folders) < 2:
        raise ConfigurationError(f"an average is of two folders or more, not {len(folders)}")
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise ConfigurationError("a folder is named twice; give it a larger weight instead")
    given = list(weights) or [1.0] * len(folders)
    if len(given) != len(folders):
        raise ConfigurationError(f"{len(given)} weights for {len(folders)} folders; give one for each, in their order")
    if not all(math.isfinite(weight) and weight > 0 for weight in given):
        raise ConfigurationError(f"weights must be numbers above 0, not {', '.join(map(str, given))}")
    return [weight / sum(given) for weight in given]


def _checked(folder: Path, first: Path) -> dict[str, Path]:
    """Return the file of each tensor of a model folder, once it is known to be of the first one's kind."""
    if not folder.is_dir():
        raise WeightsError("no such folder; give model folders or checkpoints of a run", file=str(folder))
    check_model_folder(folder)
    different = differences(_config(first), _config(folder), _NO_MATTER)
    if different:
        raise WeightsError(f"another architecture than {first} ({told(different)})", file=str(folder))
    theirs, ours = folder / _TOKENIZER, first / _TOKENIZER
    if ours.is_file() != theirs.is_file() or (ours.is_file() and ours.read_bytes() != theirs.read_bytes()):
        raise WeightsError(f"{_TOKENIZER} is not that of {first}: ids would mean other tokens", file=str(folder))
    found = _files(folder)
    if folder != first:
        odd = sorted(found.keys() ^ _files(first).keys())
        if odd:
            raise WeightsError(f"{len(odd)} tensors are not in both it and {first}, first {odd[0]!r}", file=str(folder))
    return found


def _config(folder: Path) -> dict[str, Any]:
    return read_object(folder / CONFIG_FILE, WeightsError)


def _files(folder: Path) -> dict[str, Path]:
    """Return the file that holds each tensor, the output projection left out where it is the embedding."""
    whole = folder / WEIGHTS_FILE
    if whole.is_file():
        with safe_open(str(whole), framework="pt") as stored:
            found = dict.fromkeys(stored.keys(), whole)
    else:
        index = read_object(folder / INDEX_FILE, WeightsError)["weight_map"]
        found = {name: folder / file for name, file in index.items()}
    if _config(folder).get("tie_word_embeddings"):
        found.pop(_HEAD, None)
    return found


def _mean(name: str, files: Sequence[Path], shares: Sequence[float]) -> Tensor:
    """Return the weighted mean of one tensor, in the widest type that any folder holds it in."""
    total, dtype = torch.zeros((), dtype=torch.float64), torch.bfloat16
    for number, (file, share) in enumerate(zip(files, shares, strict=True)):
        with safe_open(str(file), framework="pt") as stored:
            tensor: Tensor = stored.get_tensor(name)
        if number and tensor.shape != total.shape:
            shapes = f"{list(tensor.shape)}, and {list(total.shape)} in {files[0].parent}"
            raise WeightsError(f"{name} is {shapes}", file=str(file))
        if not bool(torch.isfinite(tensor).all()):
            raise WeightsError("holds values that are not finite", file=str(file), position=name)
        dtype = torch.promote_types(dtype, tensor.dtype) if number else tensor.dtype
        total = total + share * tensor.double()
    return total.to(dtype).contiguous()
