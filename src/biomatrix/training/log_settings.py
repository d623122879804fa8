"""What a run logs beside its JSON lines, as settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from biomatrix.entities.settings import Section


class LogSection(Section):
    """Where figures go beside ``metrics.jsonl`` in the output folder, and what speed is compared with."""

    tensorboard: bool = False
    """Write TensorBoard event files into ``<output>/tensorboard``; needs the extra ``tensorboard``."""
    wandb: Annotated[str, Field(min_length=1)] | None = None
    """A Weights & Biases project to report to; needs the extra ``wandb``, and nothing is sent without it."""
    peak_tflops: Annotated[float, Field(gt=0)] | None = None
    """Matrix products of one device in 10**12 FLOP/s, which MFU is a share of; measured at the start if not given."""
