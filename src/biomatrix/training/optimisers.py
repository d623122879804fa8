"""AdamW over everything, or Muon over the hidden matrices and AdamW over the rest, under one schedule.

Muon (Jordan et al., 2024) makes the momentum of a matrix orthogonal. Its updates are scaled to the size of AdamW's
(Liu et al., 2025, https://arxiv.org/abs/2502.16982), so both rates are on one scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.training.config import OptimiserSection
    from biomatrix.training.loss import NextTokenLoss


class Optimisers:
    """The optimisers of a run, which step as one.

    Parameters
    ----------
    prepared : sequence
        The optimisers as Accelerate hands them out, in the order of :func:`build_optimisers`.
    settings : OptimiserSection
        The peak rate of each.

    Attributes
    ----------
    rates : tuple of float
        The learning rate of each, as last set.
    """

    def __init__(self, prepared: Sequence[Any], settings: OptimiserSection) -> None:
        self._prepared = tuple(prepared)
        self._peaks = (settings.peak_lr, settings.muon_lr)[: len(self._prepared)]
        self.rates = self._peaks

    @property
    def bare(self) -> list[torch.optim.Optimizer]:
        """The optimisers of torch themselves."""
        return [optimizer.optimizer for optimizer in self._prepared]

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all of them."""
        return [group for optimizer in self._prepared for group in optimizer.param_groups]

    def set_rates(self, factor: float) -> float:
        """Set each one's learning rate to a share of its peak, and return AdamW's."""
        self.rates = tuple(peak * factor for peak in self._peaks)
        for optimizer, rate in zip(self._prepared, self.rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate
        return self.rates[0]

    def step(self) -> None:
        """Move the weights by their gradients."""
        for optimizer in self._prepared:
            optimizer.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for optimizer in self._prepared:
            optimizer.zero_grad(set_to_none=set_to_none)


def build_optimisers(
    module: NextTokenLoss, settings: OptimiserSection, decay: bool = True
) -> list[torch.optim.Optimizer]:
    """Return AdamW, and behind it Muon where the recipe asks for it.

    Parameters
    ----------
    module : NextTokenLoss
        What is trained of it is shared out.
    settings : OptimiserSection
        Rates, momenta and decay.
    decay : bool
        Whether weights may decay.

    Raises
    ------
    ConfigurationError
        Muon is asked for, and torch has none or the module trains no hidden matrix.
    """
    if settings.name == "adamw":
        return [adamw(module, settings, decay)]
    if not hasattr(torch.optim, "Muon"):
        raise ConfigurationError(
            f'optimiser.name = "muon" needs torch 2.9 or later, this is {torch.__version__}; use "adamw"'
        )
    matrices = hidden_matrices(module)
    if not matrices:
        raise ConfigurationError('optimiser.name = "muon": no hidden matrix of this model is trained; use "adamw"')
    muon = torch.optim.Muon(
        list(matrices.values()),
        lr=settings.muon_lr,
        momentum=settings.muon_momentum,
        weight_decay=settings.weight_decay if decay else 0.0,
        adjust_lr_fn="match_rms_adamw",
    )
    return [adamw(module, settings, decay, besides=frozenset(matrices)), muon]


def hidden_matrices(module: NextTokenLoss) -> dict[str, nn.Parameter]:
    """Return the trained parameters of two dimensions, by name, save tables of embeddings and output projections."""
    head: Any = module.model.get_output_embeddings()  # type: ignore[no-untyped-call]
    tables = {id(layer.weight) for layer in module.modules() if isinstance(layer, nn.Embedding)} | {id(head.weight)}
    return {
        name: parameter
        for name, parameter in module.named_parameters()
        if parameter.requires_grad and parameter.ndim == 2 and id(parameter) not in tables
    }


def adamw(
    module: nn.Module, settings: OptimiserSection, decay: bool = True, besides: frozenset[str] = frozenset()
) -> torch.optim.AdamW:
    """Return AdamW over what is trained of a module: matrices decay, norms, biases and embeddings do not.

    Parameters
    ----------
    module : nn.Module
    settings : OptimiserSection
    decay : bool
        Whether matrices may decay.
    besides : frozenset of str
        Names of parameters that another optimiser takes.
    """
    decayed: list[nn.Parameter] = []
    undecayed: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if parameter.requires_grad and name not in besides:
            (decayed if decay and parameter.ndim >= 2 and "embed" not in name else undecayed).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": settings.weight_decay},
        {"params": undecayed, "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    return torch.optim.AdamW(groups, lr=settings.peak_lr, betas=settings.betas, eps=settings.eps, fused=True)
