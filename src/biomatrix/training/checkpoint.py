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
from biomatrix.training.early_stopping import Best

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from biomatrix.training.tuning import Tuning
    from biomatrix.vocabulary import Vocabulary

STATE_FILE = "training_state.json"
OPTIMIZER_FILE = "optimizer.safetensors"
WEIGHTS_FILE = "model.safetensors"
_MOMENTS = ("exp_avg", "exp_avg_sq")
_NAME = re.compile(r"checkpoint-(\d{8})")
_WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)
LOSS_PREFIX = "model."
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
    best : Best, optional
        The lowest held-out loss so far, of runs that end when it no longer falls.
    """

    step: int = 0
    elapsed_seconds: float = 0.0
    tokens: int = 0
    position: Position = field(default_factory=Position)
    recipe: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    best: Best | None = None

    def to_json(self) -> str:
        """Return the state as JSON text."""
        return json.dumps(asdict(self), indent=2, sort_keys=True, default=str) + "\n"

    @classmethod
    def from_file(cls, path: Path) -> TrainingState:
        """Read the state back; WeightsError where the file is missing or is not a training state."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            best = Best(**values["best"]) if values.get("best") else None
            state = cls(**{**values, "position": Position(**values["position"]), "best": best})
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
    tuning: Tuning,
    vocabulary: Vocabulary,
    keep: int,
    main_process: bool = True,
    name: str | None = None,
) -> Path:
    """Write ``checkpoint-<step>``, or a folder of another name, under a folder; remove old numbered ones.

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
    tuning : Tuning
        What is trained, and the form in which it is kept.
    vocabulary : Vocabulary
        Saved beside the weights.
    keep : int
        How many numbered checkpoints stay.
    main_process : bool
        Whether this process writes.
    name : str, optional
        The checkpoint's name where it is not its step's; one of that name is replaced.

    Returns
    -------
    Path
        The finished checkpoint. The name exists only once everything in it is on disk.
    """
    tensors = gathered_weights(loss_module, tuning.trained_only)
    moments = get_optimizer_state_dict(loss_module, optimizer, options=_WHOLE)
    final = folder / (name or f"checkpoint-{state.step:08d}")
    if not main_process:
        return final
    with folder_written_aside(final) as part:
        tuning.write(part, vocabulary, tensors)
        save_file(_flatten(moments), part / OPTIMIZER_FILE, metadata={"format": "pt"})
        (part / STATE_FILE).write_text(state.to_json(), encoding="utf-8")
    for old in checkpoints(folder)[:-keep]:
        shutil.rmtree(old)
    return final


def gathered_weights(loss_module: nn.Module, trained_only: bool = False) -> dict[str, Any]:
    """Return the whole weights of a possibly sharded loss module, on the main process; empty on the others."""
    options = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=trained_only)
    weights: dict[str, Any] = get_model_state_dict(loss_module, options=options)
    kept = _trained(loss_module) if trained_only else weights.keys()
    return {name: tensor for name, tensor in weights.items() if name in kept}


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
    weights = {name.removeprefix(LOSS_PREFIX) if tensors is not None else name: t for name, t in source.items()}
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


def restore(
    checkpoint: Path, loss_module: nn.Module, optimizer: torch.optim.Optimizer, tuning: Tuning
) -> TrainingState:
    """Put a checkpoint's tensors into a module and its optimiser, strictly.

    Parameters
    ----------
    checkpoint : Path
        A folder ``save_checkpoint`` wrote.
    loss_module : nn.Module
        The (possibly wrapped) module to train on.
    optimizer : Optimizer
        Its AdamW.
    tuning : Tuning
        What is trained, and the form in which it is kept.

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
    weights = _weights_for(checkpoint / tuning.weights_file, loss_module, tuning)
    flat = _moments_for(checkpoint / OPTIMIZER_FILE, loss_module)
    set_model_state_dict(loss_module, weights, options=options)
    template = get_optimizer_state_dict(loss_module, optimizer)
    set_optimizer_state_dict(loss_module, optimizer, _unflatten(flat, template), options=options)
    return state


def _weights_for(path: Path, loss_module: nn.Module, tuning: Tuning) -> dict[str, Any]:
    stored = _read_tensors(path)
    head, embedding = (tuning.stored_name(f"{LOSS_PREFIX}{name}.weight") for name in ("lm_head", "model.embed_tokens"))
    if head not in stored and embedding in stored:
        stored[head] = stored[embedding]
    expected, trained = _shapes(loss_module), _trained(loss_module)
    expected = {name: shape for name, shape in expected.items() if name in trained or not tuning.trained_only}
    names = {tuning.stored_name(name): name for name in expected}
    odd = sorted(names.keys() ^ stored.keys())
    if odd:
        raise WeightsError(f"{len(odd)} tensors do not match the model, first {odd[0]!r}", file=str(path))
    for name, tensor in stored.items():
        if tuple(tensor.shape) != expected[names[name]]:
            raise WeightsError(
                f"{name} is {list(tensor.shape)}, the recipe asks for {list(expected[names[name]])}", file=str(path)
            )
    return {names[name]: tensor for name, tensor in stored.items()}


def _moments_for(path: Path, loss_module: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of AdamW: two moments and a step for each parameter that is trained."""
    flat = _read_tensors(path)
    shapes, trained = _shapes(loss_module), _trained(loss_module)
    for part in _MOMENTS:
        missing = sorted(name for name in trained if f"{part}:{name}" not in flat)
        if missing:
            raise WeightsError(f"lacks {part} of {len(missing)} parameters, first {missing[0]!r}", file=str(path))
    for name, tensor in flat.items():
        part, _, parameter = name.partition(":")
        if part in _MOMENTS and tuple(tensor.shape) != shapes.get(parameter):
            raise WeightsError(f"{name} has the shape of another model", file=str(path))
    return flat


def _trained(loss_module: nn.Module) -> set[str]:
    """Return the names of the trained parameters; tied tables are one, under the input's name."""
    named = loss_module.named_parameters()
    return {name.removeprefix("module.") for name, parameter in named if parameter.requires_grad}


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
