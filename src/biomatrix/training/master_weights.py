"""Matrices in bfloat16 beside the float32 masters that the optimiser moves.

Under autocast every pass rounds each float32 matrix to bfloat16 again. Here the rounded copy is kept, and made anew
when the master has moved: the same numbers, to the last bit, without the casts. The masters stay the module's
parameters, so gradients, clipping, moments and checkpoints are float32 as before, and an update that is too small to
change a bfloat16 number is not lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from accelerate import Accelerator
    from transformers import PreTrainedModel

    from biomatrix.training.config import RunSection


class MasterLinear(nn.Linear):
    """A linear layer whose ``weight`` is the master and whose ``working`` copy computes; a plain one becomes one."""

    working: Tensor

    def forward(self, input: Tensor) -> Tensor:
        """Return the product with the working copy; the gradient reaches the master."""
        weight: Tensor = _Working.apply(self.weight, self.working)  # type: ignore[no-untyped-call]
        return F.linear(input.to(weight.dtype), weight, None if self.bias is None else self.bias.to(weight.dtype))


class _Working(torch.autograd.Function):
    """The working copy forward; backward, its gradient as the master's."""

    @staticmethod
    def forward(ctx: Any, master: Tensor, working: Tensor) -> Tensor:
        return working.view_as(working)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0].float(), None


class MasterWeights:
    """The layers' matrices of a decoder with working copies.

    Parameters
    ----------
    layers : Module
        The decoder's layers: their linear layers are changed in place. Tables and norms stay float32, because sums over
        many tokens run into their gradients.
    processes : int
        How many processes train.

    Raises
    ------
    ConfigurationError
        There are several processes: sharded parameters are gathered in bfloat16 anyway.
    """

    def __init__(self, layers: nn.Module, processes: int = 1) -> None:
        if processes > 1:
            raise ConfigurationError(
                'run.weights = "bf16" is for one process; several shard their parameters (FSDP2), which are gathered '
                'in bfloat16 anyway: leave run.weights at "fp32"'
            )
        self.linear = [layer for layer in layers.modules() if type(layer) is nn.Linear]
        for layer in self.linear:
            layer.__class__ = MasterLinear
            layer.register_buffer("working", layer.weight.detach().to(torch.bfloat16), persistent=False)

    def refresh(self, *_: Any) -> None:
        """Round the masters to their working copies."""
        with torch.no_grad():
            for layer in self.linear:
                working: Any = layer.working
                working.copy_(layer.weight)

    def follow(self, loss_module: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Refresh after every step of a run's last optimiser, and whenever weights are loaded into a module."""
        optimizer.register_step_post_hook(self.refresh)
        loss_module.register_load_state_dict_post_hook(self.refresh)  # type: ignore[no-untyped-call]


def working_weights(model: PreTrainedModel, run: RunSection, accelerator: Accelerator) -> MasterWeights | None:
    """Give a decoder's layers the working copies that a recipe asks for; None where it asks for none."""
    if run.weights == "fp32":
        return None
    decoder: Any = model.model
    return MasterWeights(decoder.layers, accelerator.num_processes)
