"""How a training run ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from biomatrix.training.held_out_report import Losses


@dataclass(frozen=True)
class TrainingResult:
    """How a run ended.

    Parameters
    ----------
    step : int
        Optimiser steps done.
    finished : bool
        Whether the schedule reached its end or ``run.patience`` its; False where a signal stopped the run.
    checkpoint : Path
        The last checkpoint.
    held_out : dict
        The last held-out loss by modality, see :func:`biomatrix.training.evaluation.held_out_loss`; empty without
        held-out data.
    best : Path, optional
        The checkpoint with the lowest held-out loss, of runs with ``run.patience``.
    held_out_averaged : dict
        The held-out loss of the averaged weights, where the run keeps an average that has begun.
    """

    step: int
    finished: bool
    checkpoint: Path
    held_out: Losses
    best: Path | None = None
    held_out_averaged: Losses = field(default_factory=dict)
