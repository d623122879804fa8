"""A small decoder over the shipped vocabulary, and a table of molecules: what runs of soft tuning need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from biomatrix.generation import weights
from biomatrix.soft.tuning import SoftRecipe
from biomatrix.training.checkpoint import write_model
from biomatrix.training.config import ModelSection, RunSection
from biomatrix.training.model import build_model
from biomatrix.vocabulary import Vocabulary

NANO = Path(weights.__path__[0]) / "nano"
ALCOHOLS = [f"{'C' * n}O" for n in range(1, 13)]
RINGS = [f"{'C' * n}c1ccccc1" for n in range(1, 9)]


def decoder(folder: Path) -> Path:
    """Write an untrained decoder of two layers."""
    vocabulary = Vocabulary.from_pretrained(NANO)
    sizes = ModelSection(
        vocabulary=NANO, hidden_size=32, num_layers=2, intermediate_size=48, num_heads=4, num_kv_heads=2, head_dim=8,
        initialisation="random",
    )  # fmt: skip
    model = build_model(sizes, vocabulary, RunSection(output=folder, max_steps=1))
    folder.mkdir(parents=True)
    write_model(folder, model, vocabulary, dtype=torch.float32)
    return folder


def table(folder: Path, smiles: list[str] | None = None) -> Path:
    """Write solubilities as MoleculeNet's file has them."""
    rows = [f"{one},{-len(one) / 2}" for one in (smiles or ALCOHOLS + RINGS)]
    (folder / "moleculenet").mkdir(parents=True)
    (folder / "moleculenet" / "esol.csv").write_text("smiles,logSolubility\n" + "\n".join(rows) + "\n")
    return folder


def recipe(folder: Path, output: str = "run", **changes: dict[str, Any]) -> SoftRecipe:
    """Return the recipe of a run on the decoder and the table in a folder, with some sections changed."""
    values: dict[str, dict[str, Any]] = {
        "model": {"checkpoint": str(folder / "decoder")},
        "task": {
            "name": "mol_prop_esol",
            "folder": str(folder / "data"),
            "source": "moleculenet_esol",
            "split": "scaffold",
        },
        "soft": {"encoder": "morgan,bits=64", "vectors": str(folder / "vectors"), "width": 16},
        "batches": {"tokens": 256, "max_length": 64},
        "optimiser": {"peak_lr": 1e-2, "warmup_steps": 0},
        "tuning": {"mode": "lora", "rank": 2, "targets": ["q_proj", "v_proj"]},
        "run": {"output": str(folder / output), "max_steps": 4, "precision": "fp32", "log_every": 1, "save_every": 2},
    }
    for section, change in changes.items():
        values[section] = {**values.get(section, {}), **change}
    return SoftRecipe.model_validate(values)
