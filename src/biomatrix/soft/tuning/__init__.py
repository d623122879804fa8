"""Instruction tuning of a decoder that reads entities as vectors: questions of the harness, on the ordinary trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

_HOME = {
    "SoftRecipe": "biomatrix.soft.tuning.recipe",
    "SoftRun": "biomatrix.soft.tuning.run",
    "SoftTuningResult": "biomatrix.soft.tuning.result",
    "TaskData": "biomatrix.soft.tuning.task_data",
    "load_soft_recipe": "biomatrix.soft.tuning.recipe",
    "soft_tune": "biomatrix.soft.tuning.choosing",
}

__all__ = ["SoftRecipe", "SoftRun", "SoftTuningResult", "TaskData", "load_soft_recipe", "soft_tune"]

if TYPE_CHECKING:
    from biomatrix.soft.tuning.choosing import soft_tune
    from biomatrix.soft.tuning.recipe import SoftRecipe, load_soft_recipe
    from biomatrix.soft.tuning.result import SoftTuningResult
    from biomatrix.soft.tuning.run import SoftRun
    from biomatrix.soft.tuning.task_data import TaskData

__getattr__ = lazy_names(__name__, _HOME)
