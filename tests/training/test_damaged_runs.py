"""A run goes on from its newest whole checkpoint, with the settings and data it was begun with, or says why not."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.training.checkpoint import checkpoints
from biomatrix.training.config import Recipe
from biomatrix.training.identity import DataIdentity, with_batches_a_step
from biomatrix.training.loop import Trainer
from biomatrix.training.model import build_model
from biomatrix.training.training_state import STATE_FILE

from .documents import CountingDocuments, TinyVocabulary, recipe_values

SIZE = 64
DATA = DataIdentity("shards", "tokens")


def trainer(output: Path, data: DataIdentity | None = DATA, **changes: dict[str, Any]) -> Trainer:
    recipe = Recipe.model_validate(recipe_values(output, **changes))
    vocabulary: Any = TinyVocabulary(SIZE)
    model = build_model(recipe.model, vocabulary, recipe.run)
    return Trainer(recipe, model, vocabulary, CountingDocuments(60, SIZE), data=data)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with checkpoints of steps 2 and 4."""
    folder = tmp_path_factory.mktemp("run")
    trainer(folder, run={"max_steps": 4, "save_every": 2, "keep": 2}).train()
    assert [path.name[-1] for path in checkpoints(folder)] == ["2", "4"]
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def with_nan(path: Path) -> None:
    tensors = load_file(path)
    name = min(tensors)
    tensors[name] = np.full_like(tensors[name], np.nan)
    save_file(tensors, path)


def of_another_shape(path: Path) -> None:
    tensors = load_file(path)
    name = max(tensors, key=lambda key: tensors[key].size)
    tensors[name] = tensors[name][:-1].copy()
    save_file(tensors, path)


def garbage(path: Path) -> None:
    path.write_bytes(b"\x00\xff garbage")


DAMAGES: list[tuple[str, Callable[[Path], None]]] = [
    ("model.safetensors", cut),
    ("model.safetensors", Path.unlink),
    ("model.safetensors", garbage),
    ("model.safetensors", with_nan),
    ("model.safetensors", of_another_shape),
    ("optimizer.safetensors", cut),
    ("optimizer.safetensors", Path.unlink),
    ("optimizer.safetensors", with_nan),
    ("optimizer.safetensors", of_another_shape),
    (STATE_FILE, cut),
    (STATE_FILE, Path.unlink),
    (STATE_FILE, garbage),
    (STATE_FILE, lambda path: path.write_text("[1, 2]") and None),
    (STATE_FILE, lambda path: path.write_text(path.read_text().replace('"step": 4', '"step": -4')) and None),
    (STATE_FILE, lambda path: path.write_text(path.read_text().replace('"tokens": ', '"tokens": NaN, "x": ')) and None),
]


@pytest.mark.parametrize(("name", "damage"), DAMAGES)
def test_a_damaged_newest_checkpoint_gives_way_to_the_older(
    run: Path, name: str, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    older, newest = checkpoints(run)
    damage(newest / name)
    resumed = trainer(run, run={"max_steps": 4})
    with caplog.at_level(logging.WARNING, "biomatrix"):
        assert resumed.resume()
    assert resumed.state.step == 2
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert newest.name in warning
    assert older.name in warning


def test_going_on_from_the_older_ends_as_the_whole_run(run: Path, finished: Path) -> None:
    cut(checkpoints(run)[-1] / "model.safetensors")
    resumed = trainer(run, run={"max_steps": 4, "keep": 2})
    resumed.resume()
    resumed.train()
    ours, theirs = (load_file(checkpoints(folder)[-1] / "model.safetensors") for folder in (run, finished))
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


def test_where_none_is_whole_both_are_named(run: Path) -> None:
    for checkpoint in checkpoints(run):
        cut(checkpoint / "optimizer.safetensors")
    with pytest.raises(WeightsError) as refused:
        trainer(run).resume()
    assert all(checkpoint.name in str(refused.value) for checkpoint in checkpoints(run))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model": {"hidden_size": 64}}, "model.hidden_size: 32 then, 64 now"),
        ({"model": {"num_layers": 3}}, "model.num_layers: 2 then, 3 now"),
        ({"batches": {"buckets": [8, 24]}}, "batches.buckets: [8, 16, 24] then, [8, 24] now"),
        ({"batches": {"tokens": 64}}, "batches.tokens: 128 then, 64 now"),
        ({"run": {"seed": 5}}, "run.seed: 0 then, 5 now"),
    ],
)
def test_a_changed_recipe_says_what_differs(run: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        trainer(run, **changes).resume()
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_how_long_a_run_lasts_and_what_it_reports_may_change(run: Path) -> None:
    more = {"max_steps": 6, "log_every": 3, "save_every": 5, "keep": 3, "evaluate_every": 7, "threads": 1}
    assert trainer(run, optimiser={"peak_lr": 1e-3}, run=more).resume()


def test_other_numbers_of_processes_take_the_same_batches_a_step(run: Path) -> None:
    for checkpoint in checkpoints(run):
        state = json.loads((checkpoint / STATE_FILE).read_text())
        assert state["processes"] == 1
        (checkpoint / STATE_FILE).write_text(json.dumps({**state, "processes": 4}))
    with pytest.raises(ConfigurationError, match=r"8 batches a step \(4 processes.*set batches.accumulate to 8"):
        trainer(run).resume()
    resumed = trainer(run, batches={"accumulate": 8})
    assert resumed.resume()
    assert resumed.state.processes == 1
    with pytest.raises(ConfigurationError, match="a number of processes that divides them"):
        with_batches_a_step({"batches": {"accumulate": 1}}, 4, {"batches": {"accumulate": 1}}, 3, run)


@pytest.mark.parametrize("part", ["shards", "vocabulary"])
def test_other_data_are_refused(run: Path, part: str) -> None:
    other = DataIdentity(**{**asdict(DATA), part: "another"})
    with pytest.raises(ConfigurationError, match=f"other data.*{part}") as refused:
        trainer(run, other).resume()
    assert "another" in str(refused.value)


def test_checkpoints_that_note_no_data_are_taken_with_a_warning(run: Path, caplog: pytest.LogCaptureFixture) -> None:
    for checkpoint in checkpoints(run):
        state = json.loads((checkpoint / STATE_FILE).read_text())
        del state["data"]
        (checkpoint / STATE_FILE).write_text(json.dumps(state))
    with caplog.at_level(logging.WARNING, "biomatrix"):
        assert trainer(run).resume()
    assert "which data" in caplog.text


@pytest.mark.parametrize("sizes", [{"hidden_size": 2**16}, {"num_layers": 2**12, "hidden_size": 4096}])
def test_a_model_larger_than_the_memory_is_refused(tmp_path: Path, sizes: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="GiB"):
        trainer(tmp_path, model={**sizes, "intermediate_size": 2**17})
