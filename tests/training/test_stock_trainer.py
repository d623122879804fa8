"""The stock Trainer of Transformers, given the same batches and settings, has the same losses."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import IterableDataset
from transformers import Trainer as StockTrainer
from transformers import TrainingArguments

from biomatrix.training.batches import Batch
from biomatrix.training.config import Recipe
from biomatrix.training.loop import Trainer
from biomatrix.training.model import build_model
from biomatrix.training.progress import MetricsLog

from .documents import PAD, CountingDocuments, TinyVocabulary, recipe_values, untie

SIZE, STEPS, ACCUMULATE = 64, 20, 2
IGNORED = -100


class StockBatches(IterableDataset[dict[str, torch.Tensor]]):
    """Our batches as the stock Trainer reads them: labels stand under their own tokens, and it shifts them."""

    def __init__(self, batches: list[Batch]) -> None:
        self.batches = batches

    def __iter__(self) -> Any:
        for batch in self.batches:
            ids, labels = torch.from_numpy(batch.input_ids), torch.from_numpy(batch.labels)
            labels = labels.masked_fill(torch.from_numpy(batch.weights) == 0, IGNORED)
            one = torch.ones(len(ids), 1, dtype=torch.int64)
            values = {"input_ids": torch.cat([ids, PAD * one], 1), "labels": torch.cat([IGNORED * one, labels], 1)}
            if batch.packed:
                positions = torch.from_numpy(batch.position_ids)
                values["position_ids"] = torch.cat([positions, positions[:, -1:] + 1], 1)
            yield values


def alone(rows: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    (batch,) = rows
    return batch


def stock_losses(model: Any, batches: list[Batch], settings: Any, folder: Path) -> list[float]:
    model.config.use_cache = False
    arguments = TrainingArguments(
        output_dir=str(folder), max_steps=STEPS, per_device_train_batch_size=1, gradient_accumulation_steps=ACCUMULATE,
        learning_rate=settings.peak_lr, lr_scheduler_type="cosine", warmup_steps=settings.warmup_fraction,
        weight_decay=settings.weight_decay, adam_beta1=settings.betas[0], adam_beta2=settings.betas[1],
        adam_epsilon=settings.eps, max_grad_norm=settings.clip, logging_steps=1, save_strategy="no", report_to=[],
        use_cpu=True, bf16=False, remove_unused_columns=False, disable_tqdm=True, dataloader_pin_memory=False,
    )  # fmt: skip
    run = StockTrainer(model=model, args=arguments, train_dataset=StockBatches(batches), data_collator=alone)
    run.train()
    return [line["loss"] for line in run.state.log_history if "loss" in line]


@pytest.mark.slow
@pytest.mark.parametrize(("layout", "tied"), [("bucketed", True), ("packed", False)], ids=["tied", "untied"])
def test_the_stock_trainer_has_the_same_losses(tmp_path: Path, layout: str, tied: bool) -> None:
    optimiser = {"peak_lr": 3e-3, "weight_decay": 0.0, "shape": "cosine", "warmup_fraction": 0.1, "clip": 0.5}
    values = recipe_values(
        tmp_path,
        batches={"layout": layout, "accumulate": ACCUMULATE},
        optimiser=optimiser,
        run={"max_steps": STEPS, "attention": "sdpa"},
    )
    recipe = Recipe.model_validate(values)
    vocabulary: Any = TinyVocabulary(SIZE)
    model: Any = build_model(recipe.model, vocabulary, recipe.run)
    if not tied:
        untie(model)
    twin = copy.deepcopy(model)
    run = Trainer(recipe, model, vocabulary, CountingDocuments(200, SIZE))
    start = run.stream.position
    batches = [next(run.stream) for _ in range(STEPS * ACCUMULATE)]
    run.stream.seek(start)
    run.train()
    ours = [line["loss"] for line in MetricsLog.read(tmp_path / "metrics.jsonl") if "loss" in line]
    theirs = stock_losses(twin, batches, recipe.optimiser, tmp_path / "stock")
    assert len(ours) == len(theirs) == STEPS
    assert ours == pytest.approx(theirs, abs=1e-4)
    assert ours[-1] < ours[0] - 0.05
