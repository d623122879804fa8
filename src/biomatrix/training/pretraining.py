"""Pretraining: every token of a corpus is learned, from scratch or starting from a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from biomatrix.entities.files.folders import check_folder
from biomatrix.entities.files.paths import exists, is_folder
from biomatrix.errors import ConfigurationError
from biomatrix.training.config import Recipe
from biomatrix.training.identity import DataIdentity, check_vocabulary
from biomatrix.training.loop import Trainer
from biomatrix.training.result import TrainingResult
from biomatrix.training.resuming import only_run
from biomatrix.training.row_lengths import check_rows

if TYPE_CHECKING:
    from biomatrix.corpus.shards import TokenShards
    from biomatrix.vocabulary import Vocabulary


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
        Where it ended, and the held-out loss by modality. The model is in ``<output>/model``, bfloat16; with LoRA the
        adapters are added to it, and stand alone in ``<output>/adapter`` too.

    Raises
    ------
    ConfigurationError
        The output folder holds checkpoints of another run, or the settings do not fit together.
    """
    return run_recipe(recipe, resume=resume)


def run_recipe(recipe: Recipe, *, resume: bool) -> TrainingResult:
    """Run a recipe to its end and export the model beside its checkpoints."""
    trainer = open_run(recipe)
    with only_run(recipe.run.output, trainer.accelerator.is_main_process):
        if resume:
            trainer.resume()
        elif trainer.has_checkpoints:
            raise ConfigurationError(
                f"{recipe.run.output} holds checkpoints of another run; resume it or choose another output folder"
            )
        result = trainer.train()
        if result.finished:
            trainer.take_best()
            trainer.export(recipe.run.output / "model")
            if recipe.tuning.mode == "lora":
                trainer.export_adapter(recipe.run.output / "adapter")
        trainer.close()
    return result


def open_run(recipe: Recipe) -> Trainer:
    """Open the corpus, the vocabulary and the model that a recipe names."""
    from biomatrix.corpus.shards import TokenShards, held_out_folders
    from biomatrix.training.model import build_model
    from biomatrix.training.tuning import check_tuning

    check_folder(recipe.run.output, "correct run.output in the recipe")
    vocabulary = _vocabulary(recipe.model.vocabulary)
    train = _corpus(recipe.data.train)
    held_out = {view: TokenShards(folder) for view, folder in held_out_folders(train.folder).items()}
    for corpus in (train, *held_out.values()):
        check_vocabulary(corpus, vocabulary, recipe.model.vocabulary)
        check_rows(corpus, vocabulary, recipe.batches.max_length)
    check_tuning(recipe, vocabulary)
    model = build_model(recipe.model, vocabulary, recipe.run)
    return Trainer(recipe, model, vocabulary, train, held_out, DataIdentity.of(train, vocabulary))


def _vocabulary(folder: Path) -> Vocabulary:
    from biomatrix.vocabulary import Vocabulary

    if not is_folder(folder):
        what = "is a file, not the folder of a vocabulary" if exists(folder) else "no such folder"
        raise ConfigurationError(f"{what}; correct model.vocabulary in the recipe", file=str(folder))
    return Vocabulary.from_pretrained(folder)


def _corpus(folder: Path) -> TokenShards:
    from biomatrix.corpus.shards import TokenShards

    if not is_folder(folder):
        what = "is a file, not a corpus folder" if exists(folder) else "no such folder"
        raise ConfigurationError(f"{what}; correct data.train in the recipe", file=str(folder))
    return TokenShards(folder)
