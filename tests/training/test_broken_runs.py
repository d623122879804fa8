"""What goes wrong in a run costs no checkpoint, and is said in one line before hours are lost."""

from __future__ import annotations

import logging
import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.training.checkpoint import checkpoints
from biomatrix.training.config import Recipe
from biomatrix.training.loop import Trainer
from biomatrix.training.model import build_model
from biomatrix.training.progress import MetricsLog

from .documents import CountingDocuments, TinyVocabulary, recipe_values

SIZE = 64


class Given:
    """Documents of given lengths, all of one loss weight."""

    def __init__(self, *lengths: int, weight: float = 1.0) -> None:
        self.lengths, self.weight = np.array(lengths), weight

    def document(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        n = int(self.lengths[index])
        return 4 + np.arange(n) % (SIZE - 4), np.full(n, self.weight, np.float32)


def trainer(output: Path, train: Any = None, held_out: dict[str, Any] | None = None, **run: Any) -> Trainer:
    recipe = Recipe.model_validate(recipe_values(output, run={"max_steps": 4, **run}))
    vocabulary: Any = TinyVocabulary(SIZE)
    model = build_model(recipe.model, vocabulary, recipe.run)
    return Trainer(recipe, model, vocabulary, train or CountingDocuments(60, SIZE), held_out)


def test_weights_that_a_gradient_without_a_number_moved_are_not_saved(tmp_path: Path) -> None:
    run = trainer(tmp_path, save_every=1, keep=1)
    backward = run.accelerator.backward

    def broken(loss: torch.Tensor) -> None:
        backward(loss)
        if run.state.step == 2:
            run.model.get_input_embeddings().weight.grad[5] = torch.nan  # type: ignore[no-untyped-call]

    run.accelerator.backward = broken  # type: ignore[method-assign]
    with pytest.raises(BioMatrixError, match="norm of the gradient is nan at step 2"):
        run.train()
    assert [path.name for path in checkpoints(tmp_path)] == ["checkpoint-00000002"]
    again = trainer(tmp_path, save_every=1, keep=1)
    assert again.resume()
    assert again.train().finished


def test_a_disk_that_is_full_costs_no_checkpoint(tmp_path: Path) -> None:
    run = trainer(tmp_path, save_every=2)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    advance = run._advance

    def full_after_two(tokens: int, elapsed: float) -> int:
        step = advance(tokens, elapsed)
        if step == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
        return step

    run._advance = full_after_two  # type: ignore[method-assign]
    try:
        with pytest.raises(ConfigurationError, match=r"checkpoint-00000004.*cannot be written"):
            run.train()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in checkpoints(tmp_path)] == ["checkpoint-00000002"]
    assert not list(tmp_path.glob(".*"))


def test_an_export_that_is_cut_short_leaves_the_model_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trainer(tmp_path)
    run.export(tmp_path / "model")
    whole = (tmp_path / "model" / "model.safetensors").read_bytes()
    run.train()

    def cut(tensors: Any, path: Path, **_: Any) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("biomatrix.training.checkpoint.save_file", cut)
    with pytest.raises(KeyboardInterrupt):
        run.export(tmp_path / "model")
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == whole


def test_held_out_documents_that_predict_nothing_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "biomatrix"):
        run = trainer(tmp_path, held_out={"one": Given(1), "none": Given(), "two": Given(2)}, evaluate_every=1)
    assert "of one are not measured" in caplog.text
    assert set(run.train().held_out) == {"text", "all", "view:two"}
    with pytest.raises(ConfigurationError, match=r"run\.patience"):
        trainer(tmp_path / "patient", held_out={"one": Given(1)}, patience=1)
    patient = trainer(tmp_path / "patient", held_out={"unweighted": Given(9, weight=0)}, patience=1, evaluate_every=1)
    with pytest.raises(ConfigurationError, match=r"run\.patience looks at the held-out loss, and no token"):
        patient.train()


def test_a_corpus_of_which_nothing_counts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no token of the first 1 steps counts"):
        trainer(tmp_path, Given(9, 12, weight=0)).train()


def test_a_finished_run_is_not_done_again(tmp_path: Path) -> None:
    held_out = {"counting": CountingDocuments(5, SIZE, seed=9)}
    first = trainer(tmp_path, held_out=held_out, evaluate_every=2).train()
    told = (tmp_path / "metrics.jsonl").read_text()
    assert [line["step"] for line in MetricsLog.read(tmp_path / "metrics.jsonl") if "held_out" in line] == [2, 4]
    made = first.checkpoint.stat().st_ino
    again = trainer(tmp_path, held_out=held_out, evaluate_every=2)
    assert again.resume()
    assert again.train() == first
    assert first.checkpoint.stat().st_ino == made
    assert (tmp_path / "metrics.jsonl").read_text() == told
