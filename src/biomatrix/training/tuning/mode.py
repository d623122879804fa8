"""The part of a model that a run trains, and the form in which its checkpoints hold it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from safetensors.torch import save_file
from torch import nn

from biomatrix.training.checkpoint import LOSS_PREFIX, WEIGHTS_FILE, write_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from biomatrix.vocabulary import Vocabulary

BESIDE_FILE: Final = "beside.safetensors"
"""What a checkpoint trains beside the weights of an ordinary model or adapter, where there is any."""


class Tuning:
    """Every weight is trained, and a checkpoint is a whole model; other modes derive from this one.

    Parameters
    ----------
    model : PreTrainedModel
        The decoder; a mode may freeze and change it in place.
    beside : sequence of nn.Module
        Modules inside the decoder that are none of its own parts, such as what gives it vectors. They are trained in
        every mode, kept in a file of their own, and no part of the model that is exported.

    Attributes
    ----------
    weights_files : tuple of str
        The files of a checkpoint that hold its weights.
    trained_only : bool
        Whether they hold the trained weights alone.
    decays : bool
        Whether weight decay may be applied.
    """

    weights_file: str = WEIGHTS_FILE
    trained_only: bool = False
    decays: bool = True

    def __init__(self, model: PreTrainedModel, beside: Sequence[nn.Module] = ()) -> None:
        self.model, self.beside = model, tuple(beside)
        places = [name for name, module in model.named_modules() if any(module is one for one in self.beside)]
        self._places = tuple(f"{LOSS_PREFIX}{name}." for name in places)
        self._train_beside()

    @property
    def weights_files(self) -> tuple[str, ...]:
        return (self.weights_file, BESIDE_FILE) if self._places else (self.weights_file,)

    @property
    def drops(self) -> bool:
        """Whether a step draws at random what is dropped beside the decoder."""
        return any(isinstance(part, nn.Dropout) and part.p > 0 for one in self.beside for part in one.modules())

    def is_beside(self, name: str) -> bool:
        """Return whether a tensor of the loss module belongs to what is trained beside the decoder."""
        return name.startswith(self._places)

    def stored_name(self, name: str) -> str:
        """Return the name in ``weights_files`` of a tensor of the loss module."""
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
        write_model(folder, self.model, vocabulary, {n: t for n, t in tensors.items() if not self.is_beside(n)})
        self._write_beside(folder, {n: t for n, t in tensors.items() if self.is_beside(n)})

    def plain_weights(self, tensors: dict[str, Any]) -> dict[str, Any]:
        """Return the weights of an ordinary model, by the loss module's names, from all of its tensors."""
        return {name: tensor for name, tensor in tensors.items() if not self.is_beside(name)}

    def clear_frozen_gradients(self) -> None:
        """After the backward pass: set to 0 the gradients of what is frozen inside a trained tensor."""

    def _freeze_decoder(self) -> None:
        """Freeze every weight of the decoder, and leave what is beside it to be trained."""
        self.model.requires_grad_(False)
        self._train_beside()

    def _train_beside(self) -> None:
        """Let every parameter beside the decoder be trained but empty ones, of which an optimiser keeps nothing."""
        for parameter in (one for module in self.beside for one in module.parameters()):
            parameter.requires_grad_(parameter.numel() > 0)

    def _write_beside(self, folder: Path, tensors: dict[str, Any]) -> None:
        """Write tensors to a file of their own, where there are any."""
        if tensors:
            stored = {self.stored_name(name): t.detach().cpu().contiguous().clone() for name, t in tensors.items()}
            save_file(stored, folder / BESIDE_FILE, metadata={"format": "pt"})
            (folder / BESIDE_FILE).chmod(0o644)
