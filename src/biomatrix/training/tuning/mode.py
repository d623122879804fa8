"""The part of a model that a run trains, and the form in which its checkpoints hold it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from biomatrix.training.checkpoint import LOSS_PREFIX, WEIGHTS_FILE, write_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from biomatrix.vocabulary import Vocabulary


class Tuning:
    """Every weight is trained, and a checkpoint is a whole model; other modes derive from this one.

    Parameters
    ----------
    model : PreTrainedModel
        The decoder; a mode may freeze and change it in place.

    Attributes
    ----------
    weights_file : str
        The file of a checkpoint that holds its weights.
    trained_only : bool
        Whether that file holds the trained weights alone.
    decays : bool
        Whether weight decay may be applied.
    """

    weights_file: str = WEIGHTS_FILE
    trained_only: bool = False
    decays: bool = True

    def __init__(self, model: PreTrainedModel) -> None:
        self.model = model

    def stored_name(self, name: str) -> str:
        """Return the name in ``weights_file`` of a tensor of the loss module."""
        return name.removeprefix(LOSS_PREFIX)

    def write(self, folder: Path, vocabulary: Vocabulary, tensors: dict[str, Any]) -> None:
        """Write a checkpoint's weights, with what opens them, into an existing folder.

        Parameters
        ----------
        folder : Path
        vocabulary : Vocabulary
            Saved beside the weights.
        tensors : dict of str to Tensor
            Gathered from the loss module, by its names; the trained ones alone where ``trained_only``.
        """
        write_model(folder, self.model, vocabulary, tensors)

    def plain_weights(self, tensors: dict[str, Any]) -> dict[str, Any]:
        """Return the weights of an ordinary model, by the loss module's names, from all of its tensors."""
        return tensors

    def clear_frozen_gradients(self) -> None:
        """After the backward pass: set to 0 the gradients of what is frozen inside a trained tensor."""
