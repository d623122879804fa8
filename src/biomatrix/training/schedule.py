"""The learning rate as a function of training progress."""

from __future__ import annotations

import math
from typing import Literal

Shape = Literal["cosine", "wsd", "constant"]


def learning_rate_factor(
    progress: float,
    step: int,
    *,
    shape: Shape,
    warmup_steps: int,
    decay_fraction: float,
    final_fraction: float,
    warmup_fraction: float = 0.0,
) -> float:
    """Return the share of the peak learning rate to use for a step.

    Parameters
    ----------
    progress : float
        How much of the training is done, 0 to 1, by steps or by time.
    step : int
        The optimiser steps done so far; warm-up always counts steps.
    shape : {"cosine", "wsd", "constant"}
        Half a cosine; level with a linear decay at the end (warm-up, stable, decay); or level throughout.
    warmup_steps : int
        Steps over which the rate rises linearly from 0.
    decay_fraction : float
        The last share of training, over which "wsd" decays.
    final_fraction : float
        The share of the peak that is left at the end; not for "constant".
    warmup_fraction : float
        Above 0, the share of training over which the rate rises, in place of ``warmup_steps``; the cosine begins where
        the rise ends. The first step's rate is then 0, as in the schedules of Transformers.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> learning_rate_factor(0.5, 500, shape="wsd", warmup_steps=10, decay_fraction=0.2, final_fraction=0.0)
    1.0
    """
    progress = min(max(progress, 0.0), 1.0)
    rise = min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0
    if warmup_fraction > 0:
        rise = min(1.0, progress / warmup_fraction)
    if shape == "cosine":
        risen = max(0.0, progress - warmup_fraction) / (1.0 - warmup_fraction) if warmup_fraction < 1 else 0.0
        level = 0.5 * (1.0 + math.cos(math.pi * risen))
    elif shape == "wsd":
        level = min(1.0, (1.0 - progress) / decay_fraction) if decay_fraction > 0 else 1.0
    else:
        return rise
    level = final_fraction + (1.0 - final_fraction) * level
    return level * rise
