"""Nucleotide Transformer: v1 is the ESM of transformers; v2 is the same with rotary positions and a gated feed-forward.

v2 (``InstaDeepAI/nucleotide-transformer-v2-*``) needs code of its own there, since its feed-forward is
``silu(a) * b`` without bias where ESM has one with GELU and bias. Everything else is ESM's, and is ESM's here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from biomatrix.errors import WeightsError

if TYPE_CHECKING:
    from transformers import EsmForMaskedLM

ROTARY_BASE: Final = 10000.0
_TOLERANCE: Final = 1e-4


class GatedIntermediate(nn.Module):
    """The first half of v2's feed-forward: one matrix of twice the width, ``silu`` of its first half times the second.

    Parameters
    ----------
    width, inner : int
    bias : bool
        The published ones have none.
    """

    def __init__(self, width: int, inner: int, bias: bool) -> None:
        super().__init__()
        self.dense = nn.Linear(width, 2 * inner, bias=bias)

    def forward(self, states: Tensor) -> Tensor:
        """Return ``[B, T, inner]`` of ``[B, T, width]``."""
        gate, value = self.dense(states).chunk(2, dim=-1)
        gated: Tensor = silu(gate) * value
        return gated


def nucleotide_transformer(told: Mapping[str, Any], gated: bool) -> EsmForMaskedLM:
    """Return the network that a description asks for, its weights not yet filled.

    Parameters
    ----------
    told : mapping
        ``config.json``; code that it names is not looked at.
    gated : bool
        Whether it is v2.

    Raises
    ------
    WeightsError
        A size is missing or no number.
    """
    from transformers import EsmConfig, EsmForMaskedLM

    kept = {key: value for key, value in told.items() if key not in ("auto_map", "architectures", "esmfold_config")}
    try:
        config = EsmConfig(**{**kept, "is_folding_model": False})
        network = EsmForMaskedLM(config)
    except (TypeError, ValueError, ZeroDivisionError, RuntimeError) as error:
        raise WeightsError(f"config.json describes no ESM: {' '.join(str(error).split())[:200]}") from error
    if gated:
        bias = bool(told.get("add_bias_fnn", True))
        layers: Any = network.esm.encoder.layer
        for layer in layers:
            layer.intermediate = GatedIntermediate(config.hidden_size, config.intermediate_size, bias)
            layer.output.dense = nn.Linear(config.intermediate_size, config.hidden_size, bias=bias)
    return network


def derived(name: str, tensor: Tensor) -> bool | None:
    """Return whether a tensor that ESM computes for itself is as computed; None for one that is trained."""
    if name.endswith("rotary_embeddings.inv_freq"):
        steps = torch.arange(0, 2 * len(tensor), 2, dtype=torch.float32) / (2 * len(tensor))
        return bool(torch.allclose(tensor.float(), ROTARY_BASE**-steps, rtol=_TOLERANCE))
    if name.endswith("embeddings.position_ids"):
        return bool((tensor.flatten() == torch.arange(tensor.numel())).all())
    return None
