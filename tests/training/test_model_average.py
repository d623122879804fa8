"""Averages of model folders are the mean of their tensors, open in stock Transformers, or are refused on one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM
from typer.testing import CliRunner

from biomatrix.cli.train import app
from biomatrix.errors import BioMatrixError
from biomatrix.training.checkpoint import write_model
from biomatrix.training.config import Recipe
from biomatrix.training.model import build_model
from biomatrix.training.model_average import average_models

from .documents import TinyVocabulary, recipe_values, untie


def model_folder(place: Path, seed: int, tied: bool = True, **model: Any) -> Path:
    recipe = Recipe.model_validate(recipe_values(place, run={"seed": seed}, model=model))
    vocabulary: Any = TinyVocabulary(64)
    network = build_model(recipe.model, vocabulary, recipe.run)
    if not tied:
        untie(network)
    place.mkdir(parents=True)
    write_model(place, network, vocabulary)
    return place


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
def test_the_average_equals_the_mean_and_opens_elsewhere(tmp_path: Path, tied: bool) -> None:
    a, b = (model_folder(tmp_path / name, seed, tied) for seed, name in enumerate("ab"))
    (a / "training_state.json").write_text("{}")
    told = CliRunner().invoke(app, ["average", str(a), str(b), "-o", str(tmp_path / "mean"), "--weights", "3,1"])
    assert told.exit_code == 0, told.output
    first, second, mean = (load_file(place / "model.safetensors") for place in (a, b, tmp_path / "mean"))
    assert mean.keys() == first.keys()
    for name, tensor in mean.items():
        wanted = (0.75 * first[name].double() + 0.25 * second[name].double()).float()
        assert torch.equal(tensor, wanted)
    opened = AutoModelForCausalLM.from_pretrained(tmp_path / "mean")
    assert opened.dtype == torch.float32
    assert all(torch.equal(tensor, opened.state_dict()[name]) for name, tensor in mean.items())
    files = {path.name for path in (tmp_path / "mean").iterdir()}
    assert "tokenizer.json" in files
    assert "training_state.json" not in files
    note = json.loads((tmp_path / "mean" / "average.json").read_text())["folders"]
    assert [one["share"] for one in note] == [0.75, 0.25]


def test_what_does_not_fit_is_refused_on_one_line(tmp_path: Path) -> None:
    a, b = (model_folder(tmp_path / name, seed) for seed, name in enumerate("ab"))
    wider = model_folder(tmp_path / "wider", 0, intermediate_size=64)
    other = Path(shutil.copytree(a, tmp_path / "other"))
    (other / "tokenizer.json").write_text('{"version": "1.0"}')
    broken = Path(shutil.copytree(a, tmp_path / "broken"))
    tensors = load_file(broken / "model.safetensors")
    save_file(tensors | {"model.norm.weight": torch.full((32,), float("nan"))}, broken / "model.safetensors")
    cases: list[tuple[list[Path], list[float], str]] = [
        ([a], [], "two folders"),
        ([a, a], [], "named twice"),
        ([a, b], [1.0], "1 weights for 2 folders"),
        ([a, b], [1.0, -1.0], "above 0"),
        ([a, tmp_path / "none"], [], "no such folder"),
        ([a, wider], [], "intermediate_size: 48 then, 64 now"),
        ([a, other], [], "tokenizer.json is not that of"),
        ([a, broken], [], "not finite"),
    ]
    for folders, weights, reason in cases:
        with pytest.raises(BioMatrixError) as refused:
            average_models(folders, tmp_path / "out", weights)
        assert reason in str(refused.value)
        assert "\n" not in str(refused.value)
        assert not (tmp_path / "out").exists()
    with pytest.raises(BioMatrixError, match="holds files already"):
        average_models([a, b], b)
