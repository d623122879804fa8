"""Dropout of attention weights, which belongs to a run and not to the model it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def set_attention_dropout(model: PreTrainedModel, share: float) -> None:
    """Let each attention layer drop this share of its weights while training; the configuration stays as it is.

    Raises
    ------
    ConfigurationError
        A share above 0 is asked of a model whose layers know no such dropout.
    """
    layers: list[Any] = [module for module in model.modules() if hasattr(module, "attention_dropout")]
    if share > 0 and not layers:
        raise ConfigurationError(
            f"a {type(model).__name__} has no dropout of attention weights; set tuning.attention_dropout to 0"
        )
    for layer in layers:
        layer.attention_dropout = share


def seed_step(seed: int, step: int, rank: int) -> None:
    """Seed what a step draws by its number, so that a resumed run drops what the whole one would have dropped."""
    key = np.random.SeedSequence([seed % 2**64, step, rank]).generate_state(1, np.uint64)
    torch.manual_seed(int(key[0] >> np.uint64(1)))
