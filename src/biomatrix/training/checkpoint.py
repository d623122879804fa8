"""Checkpoints: tensors in safetensors, everything else in JSON, and never a half-written folder.

A checkpoint is an ordinary model folder, with the optimiser's tensors and the run's state beside it:

    checkpoint-00000500/
      config.json  model.safetensors  tokenizer.json ...     what stock loaders open
      optimizer.safetensors                                  what the optimisers keep of each parameter
      averaged.safetensors                                   the moving average of the weights, of runs with one
      training_state.json                                    step, position in the data, elapsed time, the recipe
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
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
from biomatrix.training.training_state import STATE_FILE, TrainingState

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from biomatrix.training.moving_average import MovingAverage
    from biomatrix.training.tuning import Tuning
    from biomatrix.vocabulary import Vocabulary

OPTIMIZER_FILE = "optimizer.safetensors"
AVERAGE_FILE = "averaged.safetensors"
WEIGHTS_FILE = "model.safetensors"
_MOMENTS = {"AdamW": ("exp_avg", "exp_avg_sq"), "Muon": ("momentum_buffer",)}
"""What an optimiser keeps of a parameter, in the parameter's shape."""
_NAME = re.compile(r"checkpoint-(\d{8})")
_WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)
LOSS_PREFIX = "model."
"""What the loss module puts before the names of the decoder's tensors."""


def save_checkpoint(
    folder: Path,
    loss_module: nn.Module,
    optimizers: Sequence[torch.optim.Optimizer],
    state: TrainingState,
    *,
    tuning: Tuning,
    vocabulary: Vocabulary,
    keep: int,
    average: MovingAverage | None = None,
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
    optimizers : sequence of Optimizer
        Its AdamW, and its Muon where it has one.
    state : TrainingState
        Where the run stands.
    tuning : Tuning
        What is trained, and the form in which it is kept.
    vocabulary : Vocabulary
        Saved beside the weights.
    keep : int
        How many numbered checkpoints stay.
    average : MovingAverage, optional
        Of the weights; saved once it has begun.
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
    averaged: dict[str, Tensor] = {}
    if average is not None and average.count:
        with average.in_place():
            gathered = gathered_weights(loss_module, trained_only=True)
            # On a CPU what is gathered is the weights themselves, which are about to change back.
            averaged = {tuning.stored_name(name): t.detach().clone() for name, t in gathered.items()}
    moments = get_optimizer_state_dict(loss_module, optimizers, options=_WHOLE)
    final = folder / (name or f"checkpoint-{state.step:08d}")
    if not main_process:
        return final
    with folder_written_aside(final) as part:
        tuning.write(part, vocabulary, tensors)
        save_file(_flatten(moments), part / OPTIMIZER_FILE, metadata={"format": "pt"})
        if averaged:
            save_file(averaged, part / AVERAGE_FILE, metadata={"format": "pt"})
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
    checkpoint: Path,
    loss_module: nn.Module,
    optimizers: Sequence[torch.optim.Optimizer],
    tuning: Tuning,
    average: MovingAverage | None = None,
) -> TrainingState:
    """Put a checkpoint's tensors into a module and its optimiser, strictly.

    Parameters
    ----------
    checkpoint : Path
        A folder ``save_checkpoint`` wrote.
    loss_module : nn.Module
        The (possibly wrapped) module to train on.
    optimizers : sequence of Optimizer
        Its AdamW, and its Muon where it has one.
    tuning : Tuning
        What is trained, and the form in which it is kept.
    average : MovingAverage, optional
        Of the weights, where the run keeps one.

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
    weights = _weights_for(checkpoint, tuning.weights_files, loss_module, tuning, tuning.trained_only)
    flat = _moments_for(checkpoint / OPTIMIZER_FILE, loss_module, optimizers)
    if average is not None:
        if state.averaged:
            averaged = _weights_for(checkpoint, (AVERAGE_FILE,), loss_module, tuning, trained_only=True)
            set_model_state_dict(loss_module, averaged, options=options)
        average.take(state.averaged)
    set_model_state_dict(loss_module, weights, options=options)
    template = get_optimizer_state_dict(loss_module, optimizers)
    set_optimizer_state_dict(loss_module, optimizers, _unflatten(flat, template), options=options)
    return state


def _weights_for(
    checkpoint: Path, files: Sequence[str], loss_module: nn.Module, tuning: Tuning, trained_only: bool
) -> dict[str, Any]:
    path = checkpoint / files[0]
    stored = {name: tensor for file in files for name, tensor in _read_tensors(checkpoint / file).items()}
    expected, trained = _shapes(loss_module), _trained(loss_module)
    expected = {name: shape for name, shape in expected.items() if name in trained or not trained_only}
    names = {tuning.stored_name(name): name for name in expected}
    head, embedding = (tuning.stored_name(f"{LOSS_PREFIX}{name}.weight") for name in ("lm_head", "model.embed_tokens"))
    if head in names and head not in stored and embedding in stored:
        stored[head] = stored[embedding]
    odd = sorted(names.keys() ^ stored.keys())
    if odd:
        raise WeightsError(f"{len(odd)} tensors do not match the model, first {odd[0]!r}", file=str(path))
    for name, tensor in stored.items():
        if tuple(tensor.shape) != expected[names[name]]:
            raise WeightsError(
                f"{name} is {list(tensor.shape)}, the recipe asks for {list(expected[names[name]])}", file=str(path)
            )
    return {names[name]: tensor for name, tensor in stored.items()}


def _moments_for(path: Path, loss_module: nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> dict[str, Tensor]:
    """Return the tensors of the optimisers: AdamW's two moments and step, Muon's momentum, of what is trained."""
    flat = _read_tensors(path)
    shapes, names = _shapes(loss_module), _names(loss_module)
    for optimizer in optimizers:
        parameters = (parameter for group in optimizer.param_groups for parameter in group["params"])
        held = [names[id(parameter)] for parameter in parameters if id(parameter) in names]
        for part in _MOMENTS[type(optimizer).__name__]:
            missing = sorted(name for name in held if f"{part}:{name}" not in flat)
            if missing:
                raise WeightsError(f"lacks {part} of {len(missing)} parameters, first {missing[0]!r}", file=str(path))
    parts = {part for each in _MOMENTS.values() for part in each}
    for name, tensor in flat.items():
        part, _, parameter = name.partition(":")
        if part in parts and tuple(tensor.shape) != shapes.get(parameter):
            raise WeightsError(f"{name} has the shape of another model", file=str(path))
    return flat


def _names(loss_module: nn.Module) -> dict[int, str]:
    """Return the names of the parameters, by their identity."""
    return {id(parameter): name.removeprefix("module.") for name, parameter in loss_module.named_parameters()}


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
