"""The loop: same steps whether it was killed or not, what trains and what does not, stopping, batches of one key."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.soft.alignment.batches import BatchOrder
from biomatrix.soft.alignment.fitting import FitSettings, fit_contrastive, projected
from biomatrix.soft.alignment.judging import Side, found_in
from biomatrix.soft.alignment.loop import LOSSES_FILE, held_out_pairs
from biomatrix.soft.alignment.objectives import Autoregressive
from biomatrix.soft.alignment.run_state import CHECKPOINT
from biomatrix.soft.alignment.settings import AlignmentSettings
from biomatrix.soft.projector import ProjectorSettings

from .made_pairs import made_side

HERE = Path(__file__).parent


def losses(folder: Path) -> list[dict[str, object]]:
    path = folder / LOSSES_FILE
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def start(folder: Path, pause: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, HERE / "killed_run.py", folder, str(pause)])


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_same_batches_and_losses(tmp_path: Path) -> None:
    assert start(tmp_path / "whole", 0.0).wait(300) == 0
    wanted = losses(tmp_path / "whole")
    killed = tmp_path / "killed"
    for least in (6, 19):
        process = start(killed, 0.2)
        deadline = time.monotonic() + 300
        while len(losses(killed)) < least and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        process.kill()
        assert process.wait(60) == -9
        assert (killed / CHECKPOINT).is_dir()
    assert start(killed, 0.0).wait(300) == 0
    assert losses(killed) == wanted
    assert len(wanted) > 40
    tensors = [(tmp_path / name / CHECKPOINT / "tensors.safetensors").read_bytes() for name in ("whole", "killed")]
    assert tensors[0] == tensors[1]


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    side = made_side(40)
    small = FitSettings(ProjectorSettings(layers=1), AlignmentSettings(epochs=1, batch_size=8))
    fit_contrastive(side.vectors, side.keys, side.table, small, tmp_path)
    other = FitSettings(ProjectorSettings(layers=1), AlignmentSettings(epochs=2, batch_size=8))
    with pytest.raises(ConfigurationError, match="other data or settings"):
        fit_contrastive(side.vectors, side.keys, side.table, other, tmp_path)


def test_alignment_finds_texts_of_keys_that_it_never_saw() -> None:
    train, test = made_side(400), made_side(60, seed=1)
    settings = FitSettings(ProjectorSettings(layers=1), AlignmentSettings(epochs=60, batch_size=64, learning_rate=3e-3))
    projector, aligned = fit_contrastive(train.vectors, train.keys, train.table, settings)
    assert found_in(projected(projector, test.vectors), test)["to_text"].within[1] > 0.8
    assert aligned.held_out_by == "key"
    assert 1 <= aligned.best_epoch <= 60
    assert not projector.training


def test_it_stops_when_the_held_out_loss_no_longer_falls_and_keeps_the_best() -> None:
    side = made_side(60, noise=20.0)
    settings = FitSettings(
        ProjectorSettings(width=128), AlignmentSettings(epochs=200, batch_size=16, learning_rate=0.01, patience=3)
    )
    _, aligned = fit_contrastive(side.vectors, side.keys, side.table, settings)
    assert aligned.epochs == aligned.best_epoch + 3 < 200


def test_batches_of_one_key_are_skipped_and_counted() -> None:
    side = made_side(64)
    keys = tuple("a" if number < 62 else "b" for number in range(64))
    settings = FitSettings(ProjectorSettings(layers=1), AlignmentSettings(epochs=3, batch_size=2, held_out=0.0))
    _, aligned = fit_contrastive(side.vectors, keys, side.table, settings)
    assert 90 <= aligned.skipped < aligned.steps == 96  # two pairs of "b", so at most two batches an epoch count
    with pytest.raises(ConfigurationError, match="one key"):
        fit_contrastive(side.vectors, ("a",) * 64, side.table, settings)


def test_a_run_whose_batches_all_held_one_key_is_no_alignment() -> None:
    side = made_side(3)
    numbers = np.array([0, 0, 1])
    seed = next(seed for seed in range(50) if set(BatchOrder(numbers, 2, seed).batch(0).tolist()) == {0, 1})
    settings = FitSettings(
        ProjectorSettings(layers=1), AlignmentSettings(epochs=1, batch_size=2, held_out=0.0, seed=seed)
    )
    with pytest.raises(ConfigurationError, match="held one key only, so that nothing was learned"):
        fit_contrastive(side.vectors, ("a", "a", "b"), side.table, settings)


@pytest.mark.parametrize("held", [{"step": 1}, {"step": 1, "best_loss": None, "odd": 1}], ids=str)
def test_a_damaged_checkpoint_is_refused_in_one_line(tmp_path: Path, held: dict[str, object]) -> None:
    side = made_side(40)
    settings = FitSettings(ProjectorSettings(layers=1), AlignmentSettings(epochs=1, batch_size=8))
    fit_contrastive(side.vectors, side.keys, side.table, settings, tmp_path)
    state = tmp_path / CHECKPOINT / "state.json"
    state.write_text(json.dumps({"identity": json.loads(state.read_text())["identity"], **held}))
    with pytest.raises(WeightsError, match="checkpoint cannot be read"):
        fit_contrastive(side.vectors, side.keys, side.table, settings, tmp_path)


def test_another_decoder_behind_the_same_texts_is_another_run() -> None:
    wordings = np.zeros((1, 1), dtype=np.int64)
    found = [
        Autoregressive(torch.nn.Linear(2, 2, bias=bias), [1], [2], [[3]], wordings).content() for bias in (True, False)
    ]
    assert found[0] != found[1]


def test_distinct_batches_hold_each_key_once_and_an_epoch_takes_each_pair_once_otherwise() -> None:
    keys = np.repeat(np.arange(6), 10)
    distinct = BatchOrder(keys, 32, seed=0, distinct=True)
    for step in range(20):
        chosen = keys[distinct.batch(step)]
        assert len(set(chosen.tolist())) == len(chosen) == 6
    plain = BatchOrder(keys, 10, seed=0)
    assert sorted(np.concatenate([plain.batch(step) for step in range(6)]).tolist()) == list(range(60))
    assert np.array_equal(BatchOrder(keys, 10, seed=0).batch(9), plain.batch(9))
    assert not np.array_equal(plain.batch(0), BatchOrder(keys, 10, seed=1).batch(0))


def test_few_keys_are_all_seen_and_many_are_held_out_whole() -> None:
    few, how = held_out_pairs(np.repeat(np.arange(5), 20), 0.1, 0)
    assert (how, len(few)) == ("pair", 10)
    many, how = held_out_pairs(np.arange(100), 0.1, 0)
    assert (how, len(many)) == ("key", 10)


def test_the_same_seed_gives_the_same_projector_whatever_was_drawn_before() -> None:
    side: Side = made_side(48)
    settings = FitSettings(ProjectorSettings(width=8, dropout=0.2), AlignmentSettings(epochs=2, batch_size=16))
    first, _ = fit_contrastive(side.vectors, side.keys, side.table, settings)
    torch.manual_seed(77)
    second, _ = fit_contrastive(side.vectors, side.keys, side.table, settings)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
