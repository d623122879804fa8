"""A folder is one run's: another at the same time is refused, and so is another base under a run's adapters."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from biomatrix.errors import ConfigurationError
from biomatrix.training import pretraining
from biomatrix.training.config import Recipe
from biomatrix.training.identity import DataIdentity
from biomatrix.training.loop import Trainer
from biomatrix.training.model import build_model
from biomatrix.training.resuming import only_run
from biomatrix.training.tuning.base import base_hash

from .documents import CountingDocuments, TinyVocabulary, recipe_values
from .test_loop import SIZE, trainer

LORA = {"mode": "lora", "rank": 2, "targets": ["q_proj", "v_proj"]}


def adapters(output: Path, seed: int = 0, mode: str = "lora", steps: int = 2) -> Trainer:
    """Return a run of adapters beside a base that the seed makes; its own seed stays the same."""
    changes = {"tuning": {**LORA, "mode": mode}, "run": {"max_steps": steps}}
    recipe = Recipe.model_validate(recipe_values(output, **changes))  # type: ignore[arg-type]
    vocabulary = TinyVocabulary(SIZE)
    model = build_model(recipe.model, vocabulary, recipe.run.model_copy(update={"seed": seed}))  # type: ignore[arg-type]
    data = DataIdentity("shards", "tokens")
    return Trainer(recipe, model, vocabulary, CountingDocuments(50, SIZE), data=data)  # type: ignore[arg-type]


def test_a_second_run_in_a_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "run"
    run = trainer(output, run={"max_steps": 2})
    monkeypatch.setattr(pretraining, "open_run", lambda recipe: run)
    with only_run(output, main_process=True):
        with only_run(output, main_process=False):
            pass  # another process of the same run
        with pytest.raises(ConfigurationError, match=r"another run is training.*process \d+"):
            pretraining.run_recipe(run.recipe, resume=True)
        assert not list(output.glob("*"))
    assert pretraining.run_recipe(run.recipe, resume=True).finished
    assert not list(tmp_path.glob(".*.in_use"))


def test_a_killed_run_holds_nothing(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    note = tmp_path / f".run.{socket.gethostname()}-{ended.pid}-0.in_use"
    note.write_text(json.dumps({"host": socket.gethostname(), "pid": ended.pid, "mark": "0"}))
    with only_run(tmp_path / "run", main_process=True):
        assert not note.exists()


def test_adapters_go_on_beside_their_own_base_alone(tmp_path: Path) -> None:
    pytest.importorskip("peft")
    first = adapters(tmp_path)
    first.train()
    assert adapters(tmp_path, steps=4).resume()
    with pytest.raises(ConfigurationError, match="belong to another base"):
        adapters(tmp_path, seed=1, steps=4).resume()
    before = base_hash(first.tuning)
    with torch.no_grad():
        next(p for p in first.model.parameters() if not p.requires_grad).view(-1)[0] += 1e-3
    assert first.data is not None
    assert base_hash(first.tuning) != before == first.data.base  # a single weight is told
    state = next(tmp_path.glob("checkpoint-*")) / "training_state.json"
    noted = json.loads(state.read_text())
    assert noted["data"].pop("base")
    state.write_text(json.dumps(noted))
    assert adapters(tmp_path, seed=1, steps=4).resume()  # what an earlier version wrote names no base
    assert adapters(tmp_path / "whole", mode="full").data == DataIdentity("shards", "tokens")
