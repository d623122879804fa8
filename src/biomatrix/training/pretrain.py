"""Pretraining: every token of a corpus is learned, from scratch or starting from a checkpoint."""

from __future__ import annotations

from biomatrix.errors import ConfigurationError
from biomatrix.training.config import Recipe
from biomatrix.training.loop import Trainer, TrainingResult


def pretrain(recipe: Recipe, *, resume: bool = True) -> TrainingResult:
    """Train a decoder on a corpus folder.

    Parameters
    ----------
    recipe : Recipe
        The settings; see :func:`biomatrix.training.load_recipe`.
    resume : bool
        Go on from the newest checkpoint in the output folder, if there is one; else the folder must hold none.

    Returns
    -------
    TrainingResult
        Where it ended, and the held-out loss by modality. The model is in ``<output>/model``, bfloat16.

    Raises
    ------
    ConfigurationError
        The output folder holds checkpoints of another run, or the settings do not fit together.
    """
    return run_recipe(recipe, resume=resume)


def run_recipe(recipe: Recipe, *, resume: bool) -> TrainingResult:
    """Run a recipe to its end and export the model beside its checkpoints."""
    trainer = open_run(recipe)
    if resume:
        trainer.resume()
    elif trainer.has_checkpoints:
        raise ConfigurationError(
            f"{recipe.run.output} holds checkpoints of another run; resume it or choose another output folder"
        )
    result = trainer.train()
    if result.finished:
        trainer.export(recipe.run.output / "model")
    trainer.close()
    return result


def open_run(recipe: Recipe) -> Trainer:
    """Open the corpus, the vocabulary and the model that a recipe names."""
    from biomatrix.corpus.shards import TokenShards, held_out_folders
    from biomatrix.training.model import build_model
    from biomatrix.vocabulary import Vocabulary

    vocabulary = Vocabulary.from_pretrained(recipe.model.vocabulary)
    train = TokenShards(recipe.data.train)
    held_out = {view: TokenShards(folder) for view, folder in held_out_folders(recipe.data.train).items()}
    model = build_model(recipe.model, vocabulary, recipe.run)
    return Trainer(recipe, model, vocabulary, train, {k: v for k, v in held_out.items() if len(v)})
