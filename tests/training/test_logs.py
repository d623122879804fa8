"""What a run logs: figures that add up, trackers that are told the same, lines that a kill has cut."""

from __future__ import annotations

import importlib.util
import json
import logging
from pathlib import Path
from typing import Any

import pytest
import torch

from biomatrix.errors import ConfigurationError
from biomatrix.training.batches import BatchStream, Work
from biomatrix.training.config import Recipe
from biomatrix.training.loop import Trainer
from biomatrix.training.model import build_model
from biomatrix.training.progress import METRICS, MetricsLog
from biomatrix.training.trackers import check_trackers, open_trackers
from biomatrix.training.utilisation import ModelFlops, Utilisation, measured_peak

from .documents import PAD, CountingDocuments, TinyVocabulary, recipe_values

SIZE = 64


def trainer(output: Path, **changes: dict[str, Any]) -> Trainer:
    recipe = Recipe.model_validate(recipe_values(output, **changes))
    vocabulary: Any = TinyVocabulary(SIZE)
    model = build_model(recipe.model, vocabulary, recipe.run)
    held_out = {"counting": CountingDocuments(20, SIZE, seed=9)}
    return Trainer(recipe, model, vocabulary, CountingDocuments(100, SIZE), held_out)


def test_flops_are_those_counted_by_hand(tmp_path: Path) -> None:
    # Two layers 32 wide: 4 heads and 2 of keys and values, 8 each; a gated MLP of 48; 64 rows, tied.
    layer = 32 * 32 + 2 * 32 * 16 + 32 * 32 + 3 * 32 * 48
    flops = trainer(tmp_path).usage._flops
    assert flops == ModelFlops(6 * 2 * layer, 6 * 64 * 32, 12 * 2 * 4 * 8)
    assert flops.total(Work(inputs=10, labels=4, pairs=55)) == 60 * 2 * layer + 24 * 64 * 32 + 660 * 64


@pytest.mark.parametrize("layout", ["packed", "bucketed"])
def test_a_stream_counts_what_it_gave_without_padding(tmp_path: Path, layout: str) -> None:
    documents = CountingDocuments(60, SIZE, longest=30)
    recipe = Recipe.model_validate(recipe_values(tmp_path, batches={"layout": layout, "max_length": 32}))
    stream = BatchStream(documents, recipe.batches, seed=0, pad_id=PAD)
    labels = 0
    while not stream.position.epoch:
        held, work = labels, stream.work
        labels += next(stream).num_tokens
    lengths = documents.lengths - 1
    assert work == Work(int(lengths.sum()), held, int((lengths * (lengths + 1) // 2).sum()))


def test_utilisation_is_work_over_the_peak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(float(second) for second in range(100))
    monkeypatch.setattr("biomatrix.progress.time.monotonic", lambda: next(now))
    recipe = Recipe.model_validate(recipe_values(tmp_path))
    stream = BatchStream(CountingDocuments(60, SIZE), recipe.batches, seed=0, pad_id=PAD)
    usage = Utilisation(ModelFlops(0, 10**12, 0), stream, torch.device("cpu"), torch.float32, peak_tflops=4.0)
    stream.work += Work(labels=8)
    begun = usage._pace._interval_start
    assert usage.report() == pytest.approx(8 / 4 / (usage._pace._interval_start - 1 - begun))
    assert usage.report() == 0.0


def test_a_measured_peak_is_plausible() -> None:
    before = torch.get_rng_state()
    assert 1e8 < measured_peak(torch.device("cpu"), torch.float32) < 1e14
    assert torch.equal(torch.get_rng_state(), before)


def test_a_run_logs_its_utilisation_and_the_loss_of_each_task(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "biomatrix.training"):
        trainer(tmp_path, run={"max_steps": 4, "evaluate_every": 4}, log={"peak_tflops": 0.01}).train()
    lines = MetricsLog.read(tmp_path / METRICS)
    steps = [line for line in lines if "loss" in line]
    assert [line["step"] for line in steps] == [1, 2, 3, 4]
    assert all(line["mfu"] > 0 and line["tokens_per_second"] > 0 and line["seconds_left"] >= 0 for line in steps)
    assert {"text", "all", "view:counting"} <= lines[-1]["held_out"].keys()
    assert "tokens/s  MFU " in caplog.text
    assert " left" in caplog.text
    assert "held out by task, nats per token: counting " in caplog.text


def test_a_cut_line_is_left_out_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / METRICS
    path.write_bytes(b'{"step": 1, "loss": 2.0}\n[1]\n\xff\n{"step": 2, "loss": 1.5}\n{"step": 3, "lo')
    assert [line["step"] for line in MetricsLog.read(path)] == [1, 2]
    assert "3 damaged lines" in caplog.text
    log = MetricsLog(path, resumed_step=1)
    log.write(step=2, loss=1.0)
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [1, 2]


def test_a_tracker_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("biomatrix.training.trackers.find_spec", lambda name: None)
    for log, told in (({"tensorboard": True}, "tensorboard"), ({"wandb": "project"}, "wandb")):
        recipe = Recipe.model_validate(recipe_values(tmp_path, log=log))
        with pytest.raises(ConfigurationError, match=rf"log\.{told} needs .*biomatrix\[{told}\]"):
            check_trackers(recipe.log)
    assert open_trackers(Recipe.model_validate(recipe_values(tmp_path)).log, tmp_path, 0, {}) == ()


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("tensorboard") is None, reason="needs the extra tensorboard")
def test_event_files_hold_what_the_metrics_hold(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    changes: dict[str, dict[str, Any]] = {"log": {"tensorboard": True, "peak_tflops": 1.0}}
    trainer(tmp_path, run={"max_steps": 4, "save_every": 2}, **changes).train()
    again = trainer(tmp_path, run={"max_steps": 6, "evaluate_every": 6}, **changes)
    assert again.resume()
    again.train()
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    wanted = {line["step"]: line["loss"] for line in MetricsLog.read(tmp_path / METRICS) if "loss" in line}
    found = {event.step: event.value for event in events.Scalars("train/loss")}
    assert found == pytest.approx(wanted, rel=1e-6)
    assert len(found) == 6
    assert {"held_out_by_modality/text", "held_out_by_task/counting", "train/mfu"} <= set(events.Tags()["scalars"])


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("wandb") is None, reason="needs the extra wandb")
def test_weights_and_biases_keeps_a_run_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    trainer(tmp_path, run={"max_steps": 2}, log={"wandb": "tests", "peak_tflops": 1.0}).train()
    assert list(tmp_path.glob("wandb/offline-run-*/run-*.wandb"))
