"""Sharded parameters (FSDP2) as training needs them, whatever the launcher's defaults are.

``accelerate launch --use_fsdp`` lets the first process alone keep the weights, which parts a tied output projection
from the embedding: it would never be trained, and nothing would say so. And under bf16 it casts what the module
returns, which here is the sum of the losses of thousands of tokens, and adds up gradients in bf16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.distributed.fsdp import MixedPrecisionPolicy

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from accelerate import Accelerator


def set_sharding(accelerator: Accelerator) -> None:
    """Set how parameters are sharded, before Accelerate shards them; without sharding nothing happens.

    Every process keeps the weights that it has opened. Under bf16 layers compute in it, gradients are summed over
    processes in float32, and neither loss weights nor losses are cast.

    Raises
    ------
    ConfigurationError
        The launcher was told to shard as FSDP1 does.
    """
    plugin: Any = getattr(accelerator.state, "fsdp_plugin", None)
    if plugin is None:
        return
    if plugin.fsdp_version != 2:
        raise ConfigurationError("parameters are sharded by FSDP2 alone: start with accelerate launch --fsdp_version 2")
    plugin.cpu_ram_efficient_loading = False
    if accelerator.mixed_precision == "bf16":
        plugin.mixed_precision_policy = MixedPrecisionPolicy(
            param_dtype=torch.bfloat16, reduce_dtype=torch.float32, cast_forward_inputs=False
        )
