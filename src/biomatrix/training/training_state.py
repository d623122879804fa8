"""Where a run stands, apart from its tensors, as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from biomatrix.errors import WeightsError
from biomatrix.training.batches import Position
from biomatrix.training.early_stopping import Best
from biomatrix.training.spike_guard import GradientNorms

STATE_FILE: Final = "training_state.json"
"""The file in a checkpoint that holds the state."""


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
    norms : GradientNorms
        What the spike guard remembers; nothing in runs without one.
    averaged : int
        Weights that went into the moving average; 0 where there is none.
    processes : int
        Processes that train together; 0 in checkpoints of earlier versions.
    """

    step: int = 0
    elapsed_seconds: float = 0.0
    tokens: int = 0
    position: Position = field(default_factory=Position)
    recipe: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    best: Best | None = None
    norms: GradientNorms = field(default_factory=GradientNorms)
    averaged: int = 0
    processes: int = 0

    def to_json(self) -> str:
        """Return the state as JSON text."""
        return json.dumps(asdict(self), indent=2, sort_keys=True, default=str) + "\n"

    @classmethod
    def from_file(cls, path: Path) -> TrainingState:
        """Read the state back; WeightsError where the file is missing or is not a training state."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            best = Best(**values["best"]) if values.get("best") else None
            norms = GradientNorms(**values.get("norms", {}))
            norms = replace(norms, recent=tuple(map(float, norms.recent)))
            state = cls(**{**values, "position": Position(**values["position"]), "best": best, "norms": norms})
            counts = (state.averaged, state.processes, norms.skipped, norms.in_a_row)
            numbers = (state.step, state.tokens, *counts, *asdict(state.position).values())
            if not all(isinstance(number, int) and number >= 0 for number in numbers):
                raise ValueError("its counts are not whole numbers from 0 on")
            if not (math.isfinite(state.elapsed_seconds) and isinstance(state.recipe, dict)):
                raise ValueError("its time or its recipe is none")
        except OSError as error:
            raise WeightsError(f"cannot be read: {error.strerror or error}", file=str(path)) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise WeightsError(f"not a readable training state: {error}", file=str(path)) from error
        return state
