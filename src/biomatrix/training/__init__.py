"""Pretraining and instruction tuning of a Qwen3 decoder, resumable to the step.

>>> from biomatrix.training import load_recipe, pretrain
>>> pretrain(load_recipe("recipes/nano_pretrain.toml"))  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

_HOME = {
    "Recipe": "biomatrix.training.config",
    "Trainer": "biomatrix.training.loop",
    "TrainingResult": "biomatrix.training.result",
    "finetune": "biomatrix.training.finetuning",
    "load_recipe": "biomatrix.training.config",
    "pretrain": "biomatrix.training.pretraining",
}

__all__ = ["Recipe", "Trainer", "TrainingResult", "finetune", "load_recipe", "pretrain"]

if TYPE_CHECKING:
    from biomatrix.training.config import Recipe, load_recipe
    from biomatrix.training.finetuning import finetune
    from biomatrix.training.loop import Trainer
    from biomatrix.training.pretraining import pretrain
    from biomatrix.training.result import TrainingResult

__getattr__ = lazy_names(__name__, _HOME)
