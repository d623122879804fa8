"""An exponential moving average of what a run trains, kept beside it on the same devices, sharded as it is.

Averaged weights are put in place to be measured, saved and exported, and taken out again bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.distributed.fsdp import FSDPModule
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

if TYPE_CHECKING:
    from biomatrix.training.steadiness_settings import AveragingSection


class MovingAverage:
    """The average of a module's trained parameters.

    Parameters
    ----------
    module : nn.Module
        The (possibly wrapped and sharded) module that is trained.
    kept : float
        The decay: what a step keeps of the average.
    start : int
        Steps before it begins.
    exchanged : callable, optional
        Called whenever the module's weights were exchanged, for what is derived from them.
    """

    def __init__(self, module: nn.Module, kept: float, start: int, exchanged: Callable[[], None] | None = None) -> None:
        self.start = start
        self._exchanged = exchanged
        self._module = module
        self._current = nn.ParameterList([p for p in module.parameters() if p.requires_grad])
        self._averaged = AveragedModel(self._current, multi_avg_fn=get_ema_multi_avg_fn(kept))  # type: ignore[no-untyped-call]

    @classmethod
    def of(
        cls, module: nn.Module, settings: AveragingSection, exchanged: Callable[[], None] | None = None
    ) -> MovingAverage | None:
        """Return the average a recipe asks for, or None."""
        return None if settings.kept is None else cls(module, settings.kept, settings.start, exchanged)

    @property
    def count(self) -> int:
        """Weights averaged so far; 0 before the start."""
        return int(self._averaged.n_averaged)

    def update(self, step: int) -> None:
        """Take in the weights as they are now, after ``step`` steps; before the start nothing happens."""
        if step >= self.start:
            self._averaged.update_parameters(self._current)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the averaged weights into the module, and the plain ones back at the end."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def take(self, count: int) -> None:
        """Set the average to the weights that are in the module now, of which ``count`` were averaged."""
        self._averaged.n_averaged.zero_()
        if count:
            self._averaged.update_parameters(self._current)  # the first one is copied
            self._averaged.n_averaged.fill_(count)

    @torch.no_grad()
    def _swap(self) -> None:
        _forget_gathered(self._module)
        for plain, averaged in zip(self._current.parameters(), self._averaged.parameters(), strict=True):
            kept = plain.detach().clone()
            plain.copy_(averaged)
            averaged.copy_(kept)
        if self._exchanged is not None:
            self._exchanged()


def _forget_gathered(module: nn.Module) -> None:
    """Let FSDP drop the whole parameters that a forward pass gathered: they would outlive a change of their shards."""
    sharded: list[Any] = [part for part in module.modules() if isinstance(part, FSDPModule)]
    for part in sharded:
        part.reshard()
