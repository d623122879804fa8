"""Checkpoints: tensors in safetensors, everything else in JSON, and never a half-written folder.

A checkpoint is an ordinary model folder, with the optimiser's tensors and the run's state beside it:

    checkpoint-00000500/
      config.json  model.safetensors  tokenizer.json ...     what stock loaders open
      optimizer.safetensors                                  exp_avg and exp_avg_sq of each parameter, and its step
      training_state.json                                    step, position in the data, elapsed time, the recipe
"""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)

from biomatrix.entities.files.folders import folder_written_aside
from biomatrix.errors import WeightsError
from biomatrix.training.batches import Position

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from biomatrix.vocabulary import Vocabulary

STATE_FILE = "training_state.json"
OPTIMIZER_FILE = "optimizer.safetensors"
WEIGHTS_FILE = "model.safetensors"
_MOMENTS = ("exp_avg", "exp_avg_sq")
_NAME = re.compile(r"checkpoint-(\d{8})")
_WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)
_PREFIX = "model."
"""What the loss module puts before the names of the decoder's tensors."""


@dataclass(frozen=True)
class TrainingState:
    """Where a run stands, apart from its tensors.

    Parameters
    ----------
    step : int
        Optimiser steps done.
    elapsed_seconds : float
        Training time so far, resumed runs included.
    tokens : int
        Labels trained on so far.
    position : Position
        Where in the data the next batch is.
    recipe : dict
        The settings with which the run was started.
    data : dict
        The fingerprints of what it learns from, see :class:`biomatrix.training.identity.DataIdentity`; empty in
        checkpoints of earlier versions.
    """

    step: int = 0
    elapsed_seconds: float = 0.0
    tokens: int = 0
    position: Position = field(default_factory=Position)
    recipe: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the state as JSON text."""
        return json.dumps(asdict(self), indent=2, sort_keys=True, default=str) + "\n"

    @classmethod
    def from_file(cls, path: Path) -> TrainingState:
        """Read the state back; WeightsError where the file is missing or is not a training state."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            state = cls(**{**values, "position": Position(**values["position"])})
            numbers = (state.step, state.tokens, *asdict(state.position).values())
            if not all(isinstance(number, int) and number >= 0 for number in numbers):
                raise ValueError("its counts are not whole numbers from 0 on")
            if not (math.isfinite(state.elapsed_seconds) and isinstance(state.recipe, dict)):
                raise ValueError("its time or its recipe is none")
        except OSError as error:
            raise WeightsError(f"cannot be read: {error.strerror or error}", file=str(path)) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise WeightsError(f"not a readable training state: {error}", file=str(path)) from error
        return state


def save_checkpoint(
    folder: Path,
    loss_module: nn.Module,
    optimizer: torch.optim.Optimizer,
    state: TrainingState,
    *,
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    keep: int,
    main_process: bool = True,
) -> Path:
    """Write ``checkpoint-<step>`` under a folder and remove old ones.

    Every process must call this: sharded tensors are gathered on the main one, which writes.

    Parameters
    ----------
    folder : Path
        The run's output folder.
    loss_module : nn.Module
        The (possibly wrapped) module that was trained.
    optimizer : Optimizer
        Its AdamW.
    state : TrainingState
        Where the run stands.
    model : PreTrainedModel
        The decoder inside, for its configuration.
    vocabulary : Vocabulary
        Saved beside the weights.
    keep : int
        How many checkpoints stay.
    main_process : bool
        Whether this process writes.

    Returns
    -------
    Path
        The finished checkpoint. The name exists only once everything in it is on disk.
    """
    tensors = gathered_weights(loss_module)
    moments = get_optimizer_state_dict(loss_module, optimizer, options=_WHOLE)
    final = folder / f"checkpoint-{state.step:08d}"
    if not main_process:
        return final
    with folder_written_aside(final) as part:
        write_model(part, model, vocabulary, tensors)
        save_file(_flatten(moments), part / OPTIMIZER_FILE, metadata={"format": "pt"})
        (part / STATE_FILE).write_text(state.to_json(), encoding="utf-8")
    for old in checkpoints(folder)[:-keep]:
        shutil.rmtree(old)
    return final


def gathered_weights(loss_module: nn.Module) -> dict[str, Any]:
    """Return the whole weights of a possibly sharded loss module, on the main process; empty on the others."""
    weights: dict[str, Any] = get_model_state_dict(loss_module, options=_WHOLE)
    return weights


def write_model(
    folder: Path,
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    tensors: dict[str, Any] | None = None,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write a model folder that stock loaders open: config, one safetensors file, tokenizer.

    Parameters
    ----------
    folder : Path
        The folder to write into; it must exist.
    model : PreTrainedModel
        Gives the configuration, and the weights where ``tensors`` is None.
    vocabulary : Vocabulary
        Saved beside the weights.
    tensors : dict of str to Tensor, optional
        Full weights gathered from a wrapped module.
    dtype : torch.dtype
        What the weights are stored as.
    """
    source = model.state_dict() if tensors is None else tensors
    weights = {name.removeprefix(_PREFIX) if tensors is not None else name: t for name, t in source.items()}
    if model.config.tie_word_embeddings:
        weights.pop("lm_head.weight", None)
    stored = {name: t.detach().to("cpu", dtype).contiguous().clone() for name, t in weights.items()}
    vocabulary.save_pretrained(folder)
    config = type(model.config).from_dict(model.config.to_dict())
    config.dtype = dtype
    config.architectures = [type(model).__name__]
    config.save_pretrained(folder)
    if model.generation_config is not None:
        model.generation_config.save_pretrained(folder)
    save_file(stored, folder / WEIGHTS_FILE, metadata={"format": "pt"})
    (folder / WEIGHTS_FILE).chmod(0o644)  # safetensors makes the file private; models are for all to read


def restore(checkpoint: Path, loss_module: nn.Module, optimizer: torch.optim.Optimizer) -> TrainingState:
    """Put a checkpoint's tensors into a module and its optimiser, strictly.

    Parameters
    ----------
    checkpoint : Path
        A folder ``save_checkpoint`` wrote.
    loss_module : nn.Module
        The (possibly wrapped) module to train on.
    optimizer : Optimizer
        Its AdamW.

    Returns
    -------
    TrainingState
        Where the run stood.

    Raises
    ------
    WeightsError
        The state cannot be read, or the tensors are not those of the module.
    """
    state = TrainingState.from_file(checkpoint / STATE_FILE)
    options = StateDictOptions(full_state_dict=True, cpu_offload=True, strict=False)
    # Everything is read and checked before anything is changed.
    weights = _weights_for(checkpoint / WEIGHTS_FILE, loss_module)
    flat = _moments_for(checkpoint / OPTIMIZER_FILE, loss_module)
    set_model_state_dict(loss_module, weights, options=options)
    template = get_optimizer_state_dict(loss_module, optimizer)
    set_optimizer_state_dict(loss_module, optimizer, _unflatten(flat, template), options=options)
    return state


def _weights_for(path: Path, loss_module: nn.Module) -> dict[str, Any]:
    weights: dict[str, Any] = {_PREFIX + name: tensor for name, tensor in _read_tensors(path).items()}
    head, embedding = f"{_PREFIX}lm_head.weight", f"{_PREFIX}model.embed_tokens.weight"
    if head not in weights and embedding in weights:
        weights[head] = weights[embedding]
    expected = _shapes(loss_module)
    odd = sorted(expected.keys() ^ weights.keys())
    if odd:
        raise WeightsError(f"{len(odd)} tensors do not match the model, first {odd[0]!r}", file=str(path))
    for name, tensor in weights.items():
        if tuple(tensor.shape) != expected[name]:
            raise WeightsError(
                f"{name} is {list(tensor.shape)}, the recipe asks for {list(expected[name])}", file=str(path)
            )
    return weights


def _moments_for(path: Path, loss_module: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of AdamW: two moments and a step for each parameter that is trained."""
    flat = _read_tensors(path)
    shapes = _shapes(loss_module)
    # A tied output table is the input's, and only parameters that are trained have moments.
    trained = {name for name, parameter in loss_module.named_parameters() if parameter.requires_grad}
    for part in _MOMENTS:
        missing = sorted(name for name in trained if f"{part}:{name}" not in flat)
        if missing:
            raise WeightsError(f"lacks {part} of {len(missing)} parameters, first {missing[0]!r}", file=str(path))
    for name, tensor in flat.items():
        part, _, parameter = name.partition(":")
        if part in _MOMENTS and tuple(tensor.shape) != shapes.get(parameter):
            raise WeightsError(f"{name} has the shape of another model", file=str(path))
    return flat


def _shapes(loss_module: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the shape of each tensor of a possibly sharded module, as it is when whole."""
    tensors: dict[str, Any] = get_model_state_dict(loss_module)
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def _read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint's file; WeightsError where it is missing, damaged, or holds NaN."""
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError, ValueError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        raise WeightsError(f"missing or damaged: {' '.join(reason.split())}", file=str(path)) from error
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise WeightsError(f"{name} holds values that are not finite", file=str(path))
    return tensors


def checkpoints(folder: Path) -> list[Path]:
    """Return the finished checkpoints of a run, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_dir())


def _flatten(moments: dict[str, Any]) -> dict[str, Tensor]:
    flat: dict[str, Tensor] = {}
    for parameter, values in moments["state"].items():
        for key, value in values.items():
            tensor = value if isinstance(value, Tensor) else torch.tensor(value)
            flat[f"{key}:{parameter}"] = tensor.detach().contiguous().clone()
    return flat


def _unflatten(flat: dict[str, Tensor], template: dict[str, Any]) -> dict[str, Any]:
    state: dict[str, dict[str, Tensor]] = {}
    for name, tensor in flat.items():
        key, parameter = name.split(":", 1)
        state.setdefault(parameter, {})[key] = tensor
    return {"state": state, "param_groups": template["param_groups"]}
