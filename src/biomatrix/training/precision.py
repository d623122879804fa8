"""In which numbers a run computes: bfloat16 where the machine multiplies them fast, float32 elsewhere.

A processor without instructions for bfloat16 takes two to three times as long for a product in it as in float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from biomatrix.training.progress import logger

if TYPE_CHECKING:
    from biomatrix.training.config import RunSection


def is_bf16_fast() -> bool:
    """Return whether this machine has instructions for bfloat16: its GPU, or without one its processor."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    processor: Any = torch.cpu
    return bool(processor._is_amx_tile_supported() or processor._is_avx512_bf16_supported())


def computes_in_bf16(run: RunSection) -> bool:
    """Return whether a run computes under bfloat16 autocast, its weights in float32; say where that will be slow."""
    if run.precision == "auto":
        return is_bf16_fast()
    chosen = run.precision == "bf16"
    if chosen and not is_bf16_fast():
        logger.warning('this machine has no instructions for bfloat16: run.precision = "auto" will be quicker')
    return chosen
