"""What is trained beside a decoder or an adapter: it moves, is kept in a file of its own, and leaves the rest alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import AutoModelForCausalLM

from biomatrix.training.batches import Batch, BatchStream
from biomatrix.training.config import BatchSection, Recipe
from biomatrix.training.evaluation import ModalityLabels
from biomatrix.training.loop import Trainer
from biomatrix.training.model import build_model
from biomatrix.training.tuning.mode import BESIDE_FILE

from .documents import CLOSE, OPEN, CountingDocuments, TinyVocabulary, recipe_values

SIZE = 64


class Shifted(nn.Module):
    """An embedding with a small network behind it, as something beside a decoder may stand."""

    def __init__(self, table: nn.Embedding) -> None:
        super().__init__()
        self.weight = table.weight
        self.shift = nn.Sequential(
            nn.Linear(table.embedding_dim, 4), nn.Dropout(0.2), nn.Linear(4, table.embedding_dim)
        )

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        embedded = nn.functional.embedding(ids, self.weight)
        return embedded + self.shift(embedded)


def trainer(output: Path, **tuning: Any) -> Trainer:
    values = recipe_values(output, run={"max_steps": 4, "save_every": 2})
    recipe = Recipe.model_validate({**values, "tuning": tuning})
    vocabulary: Any = TinyVocabulary(SIZE)
    model: Any = build_model(recipe.model, vocabulary, recipe.run)
    model.model.embed_tokens = Shifted(model.model.embed_tokens)
    return Trainer(recipe, model, vocabulary, CountingDocuments(100, SIZE), beside=[model.model.embed_tokens.shift])


def state(run: Trainer) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in run.model.state_dict().items()}


@pytest.mark.parametrize("tuning", [{"mode": "full"}, {"mode": "new_rows"}, {"mode": "lora", "rank": 2}])
def test_it_is_kept_apart_and_resumed(tmp_path: Path, tuning: dict[str, Any]) -> None:
    if tuning["mode"] == "lora":
        pytest.importorskip("peft")
    run = trainer(tmp_path, **tuning)
    before = state(run)
    checkpoint = run.train().checkpoint
    after = state(run)
    beside = {name for name in after if ".shift." in name}
    assert all(not torch.equal(after[name], before[name]) for name in beside)
    assert set(load_file(checkpoint / BESIDE_FILE)) == beside
    for path in checkpoint.parent.glob("checkpoint-*4"):
        path.rename(tmp_path / "gone")
    again = trainer(tmp_path, **tuning)
    assert again.resume()
    again.train()
    assert all(torch.equal(tensor, after[name]) for name, tensor in state(again).items())
    run.export(tmp_path / "model", torch.float32)
    AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    assert not any(".shift." in name for name in load_file(tmp_path / "model" / "model.safetensors"))


def test_lora_trains_the_rows_of_added_tokens_too(tmp_path: Path) -> None:
    pytest.importorskip("peft")
    values = recipe_values(tmp_path, run={"max_steps": 3})
    recipe = Recipe.model_validate({**values, "tuning": {"mode": "lora", "rank": 2, "new_rows": True}})
    vocabulary: Any = TinyVocabulary(SIZE)
    model: Any = build_model(recipe.model, vocabulary, recipe.run)
    run = Trainer(recipe, model, vocabulary, CountingDocuments(100, SIZE))
    before = state(run)
    checkpoint = run.train().checkpoint
    table = "model.embed_tokens.weight"
    moved = (state(run)[table] != before[table]).any(dim=1).nonzero().flatten().tolist()
    assert moved == vocabulary.new_ids.tolist()
    assert list(load_file(checkpoint / BESIDE_FILE)) == [table]
    assert all(
        torch.equal(t, before[n])
        for n, t in state(run).items()
        if ".lora_" not in n and n not in (table, "lm_head.weight")
    )


def test_ids_below_0_are_read_and_never_predicted() -> None:
    class Placed(CountingDocuments):
        def document(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            ids, _ = super().document(index)
            ids[1] = -(index + 1)
            return ids, np.ones(len(ids), np.float32)

    stream = BatchStream(Placed(30, SIZE, shortest=4), BatchSection(tokens=256, max_length=64), seed=0, pad_id=0)
    for batch in (next(stream), next(stream)):
        assert (batch.input_ids < 0).any()
        assert batch.labels.min() >= 0
        assert not batch.weights[:, 0].any()  # what follows the first token is a vector
        assert batch.weights[:, 1].all()


def test_an_id_below_0_opens_no_segment() -> None:
    vocabulary: Any = TinyVocabulary(SIZE)
    ids = np.array([[5, OPEN - SIZE - 1, 6, OPEN, 7, CLOSE]])
    batch = Batch(ids, ids, np.arange(6)[None], np.ones((1, 6), np.float32), packed=False)
    assert ModalityLabels(vocabulary).of(batch).tolist() == [[0, 0, 0, 1, 1, 0]]
