"""Where a run of alignment stands, on disk: all that the next step depends on, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from biomatrix.entities.files.folders import folder_written_aside
from biomatrix.entities.files.json_files import read_object
from biomatrix.errors import ConfigurationError, WeightsError

CHECKPOINT: Final = "checkpoint"
_STATE: Final = "state.json"
_TENSORS: Final = "tensors.safetensors"


@dataclass
class RunState:
    """Counts of a run.

    Parameters
    ----------
    step : int
        Steps done.
    skipped : int
        Batches whose loss was undefined, as those of one key are.
    best_loss : float
        The lowest held-out loss; infinity before any.
    best_epoch : int
        When it was measured, from 1; 0 before any.
    worse : int
        Epochs since.
    identity : str
        A hash of data, settings and what else makes a run this one.
    """

    identity: str
    step: int = 0
    skipped: int = 0
    best_loss: float = float("inf")
    best_epoch: int = 0
    worse: int = 0


def save_state(
    folder: Path,
    state: RunState,
    trained: nn.Module,
    optimiser: torch.optim.Optimizer,
    best: Mapping[str, Tensor],
) -> None:
    """Write a checkpoint under a folder; the former one stays until it is whole."""
    tensors = {f"model.{name}": t for name, t in trained.state_dict().items()}
    tensors |= {f"best.{name}": t for name, t in best.items()}
    for number, kept in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": torch.as_tensor(value) for name, value in kept.items()}
    with folder_written_aside(folder / CHECKPOINT) as aside:
        save_file({name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}, aside / _TENSORS)
        # JSON has no infinity: a loss not measured yet is null.
        held = {**asdict(state), "best_loss": state.best_loss if state.best_epoch else None}
        (aside / _STATE).write_text(json.dumps(held), encoding="utf-8")


def load_state(
    folder: Path, identity: str, trained: nn.Module, optimiser: torch.optim.Optimizer
) -> tuple[RunState, dict[str, Tensor]] | None:
    """Bring a module and its optimiser to where a checkpoint stands; None where there is none.

    Returns
    -------
    tuple of RunState and dict of str to Tensor
        The counts, and the best weights so far.

    Raises
    ------
    ConfigurationError
        The checkpoint is of a run with other data or settings.
    WeightsError
        It is damaged.
    """
    place = folder / CHECKPOINT
    if not place.is_dir():
        return None
    held = read_object(place / _STATE, WeightsError)
    if held.get("identity") != identity:
        raise ConfigurationError(
            "a run with other data or settings stands here; remove it, or give another folder", file=str(folder)
        )
    best_loss = float("inf") if held["best_loss"] is None else held["best_loss"]
    state = RunState(**{**held, "best_loss": best_loss})
    try:
        tensors = load_file(place / _TENSORS)
        trained.load_state_dict(_under("model.", tensors))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise WeightsError(f"the checkpoint cannot be read: {error}", file=str(place)) from None
    layout = optimiser.state_dict()
    kept: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _under("optimiser.", tensors).items():
        number, _, what = name.partition(".")
        kept.setdefault(int(number), {})[what] = tensor
    optimiser.load_state_dict({"state": kept, "param_groups": layout["param_groups"]})
    return state, _under("best.", tensors)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
