"""The tuning that a recipe asks for, and whether it can be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from biomatrix.errors import ConfigurationError
from biomatrix.training.tuning.dropout import set_attention_dropout
from biomatrix.training.tuning.lora import LoRA
from biomatrix.training.tuning.mode import Tuning
from biomatrix.training.tuning.new_rows import NewRows

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

    from biomatrix.training.config import Recipe
    from biomatrix.vocabulary import Vocabulary


def open_tuning(
    recipe: Recipe, model: PreTrainedModel, vocabulary: Vocabulary, beside: Sequence[nn.Module] = ()
) -> Tuning:
    """Prepare a model for a recipe's mode of tuning, in place, and return the mode; see :class:`Tuning`."""
    settings = recipe.tuning
    set_attention_dropout(model, settings.attention_dropout)
    if settings.mode == "lora":
        rows = vocabulary if settings.new_rows else None
        return LoRA(model, settings, recipe.model.checkpoint, recipe.run.seed, beside, rows)
    if settings.mode == "new_rows":
        return NewRows(model, vocabulary, beside)
    return Tuning(model, beside)


def check_tuning(recipe: Recipe, vocabulary: Vocabulary) -> None:
    """Raise ConfigurationError where a mode needs a checkpoint and there is none, or one that knows all tokens.

    An adapter leaves the embedding as it is, so tokens that the checkpoint lacks would keep the rows they start with.
    """
    mode, checkpoint = recipe.tuning.mode, recipe.model.checkpoint
    if mode == "full":
        return
    if checkpoint is None:
        raise ConfigurationError(f'tuning.mode = "{mode}" starts from a checkpoint: set model.checkpoint in the recipe')
    if mode == "lora" and not recipe.tuning.new_rows:
        from transformers import AutoTokenizer

        known = len(AutoTokenizer.from_pretrained(checkpoint, trust_remote_code=False).get_vocab())
        new = len(vocabulary.tokenizer.get_vocab()) - known
        if new > 0:
            raise ConfigurationError(
                f"the checkpoint lacks {new:,} tokens of the vocabulary, and LoRA trains no embedding rows; train them "
                'first with tuning.mode = "new_rows", and set model.checkpoint to the model that it writes, or beside '
                "the adapter with tuning.new_rows = true",
                file=checkpoint,
            )
