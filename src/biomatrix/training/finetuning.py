"""Instruction tuning on conversations: only the tokens that the loss weights mark, the answers, are learned."""

from __future__ import annotations

from biomatrix.errors import ConfigurationError
from biomatrix.training.config import Recipe
from biomatrix.training.pretraining import run_recipe
from biomatrix.training.result import TrainingResult


def finetune(recipe: Recipe, *, resume: bool = True) -> TrainingResult:
    """Tune a checkpoint on a corpus of conversations.

    Parameters
    ----------
    recipe : Recipe
        The settings; ``model.checkpoint`` must name the model to tune.
    resume : bool
        Go on from the newest checkpoint in the output folder, if there is one.

    Returns
    -------
    TrainingResult
        Where it ended. The model is in ``<output>/model``, bfloat16.

    Raises
    ------
    ConfigurationError
        The recipe names no checkpoint.
    """
    if recipe.model.checkpoint is None:
        raise ConfigurationError("instruction tuning starts from a checkpoint: set model.checkpoint in the recipe")
    return run_recipe(recipe, resume=resume)
