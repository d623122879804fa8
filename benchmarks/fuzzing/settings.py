"""Files that say how something is made: recipes in TOML, and the folders of structure tokenizers.

A recipe is held against tomllib, a folder against json and safetensors: what is opened says what the file says, and
anything else is refused by name.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import BaseModel
from safetensors.numpy import load

from biomatrix.corpus import CorpusRecipe
from biomatrix.entities.molecule.structure.tokenizer import MoleculeStructureTokenizer
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.entities.tokenizer_folder import load_weights
from biomatrix.errors import BioMatrixError
from biomatrix.tasks.definition_files import read_definitions
from biomatrix.training.config import load_recipe
from biomatrix.training.tokenizers import read_tokenizer_recipe
from fuzzing.outcome import Verdict

SETTINGS: Final = ("toml", "json", "safetensors")
_CORPUS: Final = "nano_corpus.toml"
_TASKS: Final = "nano_tasks.toml"
_TRAINING: Final = ("nano_pretrain.toml", "nano_finetune.toml")


def judge_settings(path: Path, content: bytes, file_format: str, name: str) -> Verdict:
    """Open a mutant of a recipe, or of a file of a tokenizer folder, and compare with what the bytes say.

    Parameters
    ----------
    path : Path
        Where the mutant lies; a tokenizer folder is made beside it.
    content : bytes
    file_format : str
        "toml"; "json" for the config of a tokenizer, "safetensors" for its weights.
    name : str
        The recipe or the folder that the mutant was made of.
    """
    try:
        if file_format == "toml":
            words = _recipe_difference(path, content, Path(name).name)
        else:
            words = _folder_difference(path.parent / "folder", content, file_format, Path(name))
    except BioMatrixError as error:
        return Verdict("refused", str(error))
    except Exception as error:  # noqa: BLE001  # a crash is a finding
        return Verdict("crash", f"{type(error).__name__}: {error}")
    return Verdict("silent", words) if words else Verdict("same")


def _recipe_difference(path: Path, content: bytes, name: str) -> str:
    if name == _CORPUS:
        recipe: Any = CorpusRecipe.from_file(path)
    elif name == _TASKS:
        recipe = read_definitions(path)
    elif name in _TRAINING:
        recipe = load_recipe(path)
    else:
        recipe = read_tokenizer_recipe(path)
    text = content.decode("utf-8-sig")
    stated = tomllib.loads(text if "\n" in text else text.replace("\r", "\n"))
    stated = {"settings": {key: value for key, value in stated.items() if key != "tokenizer"}, **stated}
    return next(_unlike(stated, recipe), "")


def _unlike(stated: Mapping[str, Any], read: Any, place: str = "") -> Any:
    """Yield where a value that a file states is another in what was read; keys that were not kept count not."""
    held = _members(read)
    for key, value in stated.items():
        if key not in held:
            continue
        mine = held[key]
        if isinstance(value, dict) and _members(mine):
            yield from _unlike(value, mine, f"{place}{key}.")
        elif isinstance(value, str | int | float) and isinstance(mine, str | int | float | Path):
            alike = str(mine) == str(Path(value)) if isinstance(mine, Path) else mine == value
            if not alike:
                yield f"{place}{key} is {mine!r} here, {value!r} in the file"
        elif isinstance(value, list) and isinstance(mine, Sequence) and len(value) != len(mine):
            yield f"{place}{key} has {len(mine)} entries here, {len(value)} in the file"
        elif isinstance(value, list) and isinstance(mine, Sequence):
            for at, (one, other) in enumerate(zip(value, mine, strict=True)):
                yield from _unlike({"": one}, {"": other}, f"{place}{key}[{at}]")


def _members(read: Any) -> Mapping[str, Any]:
    if isinstance(read, Mapping):
        return read
    if isinstance(read, BaseModel):
        return {name: getattr(read, name) for name in type(read).model_fields}
    return {name: getattr(read, name) for name in asdict(read)} if is_dataclass(read) else {}  # type: ignore[arg-type]


def _folder_difference(folder: Path, content: bytes, file_format: str, original: Path) -> str:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(original, folder)
    config = json.loads((original / "config.json").read_bytes())
    if file_format == "safetensors":
        # As of weights that were damaged before their hash was taken: no hash protects them.
        config["sha256"] = hashlib.sha256(content).hexdigest()
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        (folder / "model.safetensors").write_bytes(content)
    else:
        (folder / "config.json").write_bytes(content)
    tokenizer = ProteinStructureTokenizer if "protein" in original.parts else MoleculeStructureTokenizer
    opened = tokenizer.from_pretrained(folder).tensors()
    tensors = load((folder / "model.safetensors").read_bytes())
    if opened.keys() != tensors.keys():
        return f"the tensors {opened.keys() ^ tensors.keys()} on one side only"
    for name, values in tensors.items():
        if not np.array_equal(opened[name], values, equal_nan=True):
            return f"the tensor {name} is another here"
    stated = json.loads((folder / "config.json").read_bytes().decode("utf-8-sig"))
    return "" if load_weights(tokenizer.kind, folder).config == stated else "the config is another here"
