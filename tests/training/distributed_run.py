"""A small run of several processes: ``torchrun distributed_run.py FOLDER ACCUMULATE [WORD ...]``.

Where the run is done it goes back to its first checkpoint and does the rest again; ``first/`` keeps what it had made.
With ``half`` it ends at its first checkpoint. Other words are ``sharded``, ``new_rows``, ``muon``, and ``steadied`` for
an average, the z-loss and the spike guard together.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

sys.path.insert(0, str(Path(__file__).parent))

from documents import CountingDocuments, TinyVocabulary, recipe_values

from biomatrix.training.config import Recipe
from biomatrix.training.loop import Trainer
from biomatrix.training.loss import NextTokenLoss
from biomatrix.training.model import build_model
from biomatrix.training.optimisers import build_optimisers


def recipe(folder: Path, accumulate: int) -> Recipe:
    values = recipe_values(folder, batches={"accumulate": accumulate}, run={"save_every": 3})
    values["optimiser"]["shape"] = "constant"  # a run that ends sooner learns as the whole one does
    values["run"]["max_steps"] = 3 if "half" in sys.argv else 6
    values["run"]["evaluate_every"] = 2
    values["tuning"] = {"mode": "new_rows" if "new_rows" in sys.argv else "full"}
    values["optimiser"]["name"] = "muon" if "muon" in sys.argv else "adamw"
    if "steadied" in sys.argv:
        values |= {"averaging": {"decay": 0.5, "start": 2}, "stability": {"z_loss": 1e-3, "spike_multiple": 50.0}}
    return Recipe.model_validate(values)


def shard(accelerator: Accelerator, module: Any, *optimizers: Any) -> tuple[Any, ...]:
    """Shard parameters as Accelerate does under FSDP2, which it offers on accelerators only."""
    mesh = init_device_mesh("cpu", (accelerator.num_processes,))
    for layer in module.model.model.layers:
        fully_shard(layer, mesh=mesh)
    fully_shard(module, mesh=mesh)
    again = build_optimisers(module, recipe(Path(), 1).optimiser)
    return module, *map(AcceleratedOptimizer, again)


def main(folder: Path, accumulate: int) -> None:
    """Train 6 steps; save at each third; do the last three again from there, with everything made anew."""
    first = trained(folder, accumulate)
    if "half" in sys.argv:
        first.close()
        return
    first.accelerator.wait_for_everyone()
    if first.accelerator.is_main_process:
        (folder / "first").mkdir()
        shutil.copy(folder / "metrics.jsonl", folder / "first")
        (folder / "checkpoint-00000006").rename(folder / "first" / "checkpoint-00000006")
    first.accelerator.wait_for_everyone()
    trained(folder, accumulate).close()


def trained(folder: Path, accumulate: int) -> Trainer:
    """Return a run that has gone on to its end from where the folder says it was."""
    settings = recipe(folder, accumulate)
    vocabulary: Any = TinyVocabulary(64)
    model = build_model(settings.model, vocabulary, settings.run)
    held_out = {"counting": CountingDocuments(10, 64, seed=9)}
    run = Trainer(settings, model, vocabulary, CountingDocuments(200, 64), held_out)
    assert isinstance(run.loss_module, NextTokenLoss)
    run.resume()
    run.train()
    return run


if __name__ == "__main__":
    if "sharded" in sys.argv:
        Accelerator.prepare = shard
    main(Path(sys.argv[1]), int(sys.argv[2]))
