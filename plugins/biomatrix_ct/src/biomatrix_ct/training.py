"""Training of a restoration network on pairs of patches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from biomatrix.errors import ConfigurationError
from biomatrix_ct.losses import restoration_loss
from biomatrix_ct.network import FOLD, RestorationNetwork
from biomatrix_ct.patches import Patch, PatchSource

THOUSAND = 1000.0


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained; the defaults take about a minute and a half of one core.

    Parameters
    ----------
    steps, batch, side : int
        Updates, patches in each, pixels along a side of a patch.
    rate : float
        The highest learning rate of Adam, reached after 50 steps and let down as a cosine.
    seed : int
    level_spread : float
        How far, as a standard deviation of the logarithm, the noise that the network is told is off, as an estimate is.
    """

    steps: int = 900
    batch: int = 4
    side: int = 80
    rate: float = 2e-3
    seed: int = 0
    level_spread: float = 0.08

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1 or self.side < 16 or self.side % FOLD:
            raise ConfigurationError(
                f"steps and batch are at least 1, and the side of a patch is even and at least 16; not {self.steps}, "
                f"{self.batch} and {self.side}"
            )


def train(
    source: PatchSource,
    settings: TrainingSettings | None = None,
    network: RestorationNetwork | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> RestorationNetwork:
    """Return a network trained on pairs of a source; the same seed, source and threads give the same weights.

    Parameters
    ----------
    source : PatchSource
    settings : TrainingSettings, optional
    network : RestorationNetwork, optional
        To be trained on, in place; a new one by default.
    progress : callable, optional
        Called with the number of each step and its loss.
    """
    settings = settings or TrainingSettings()
    rng = np.random.default_rng(settings.seed)
    if network is None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            network = RestorationNetwork()
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.rate)
    network.train()
    for step in range(settings.steps):
        for group in optimiser.param_groups:
            group["lr"] = _rate(step, settings)
        patches = [source.draw(settings.side, rng) for _ in range(settings.batch)]
        noisy, target, log_at_zero, growth, known = _tensors(patches)
        told = log_at_zero + torch.as_tensor(
            rng.normal(0.0, settings.level_spread, settings.batch), dtype=torch.float32
        )
        loss = restoration_loss(network(noisy, told, growth), target, torch.exp(log_at_zero), known)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if progress is not None:
            progress(step + 1, float(loss.detach()))
    return network.eval()


def _rate(step: int, settings: TrainingSettings) -> float:
    rising = min(1.0, (step + 1) / 50)
    return settings.rate * rising * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / settings.steps)))


def _tensors(patches: Sequence[Patch]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor | None]:
    """Return noisy and target ``[n, 1, h, w]`` in 1000 HU, the noise as two numbers ``[n]`` each, and what counts."""
    noisy = torch.from_numpy(np.stack([one.noisy for one in patches]))[:, None] / THOUSAND
    target = torch.from_numpy(np.stack([one.target for one in patches]))[:, None] / THOUSAND
    log_at_zero = torch.tensor([one.level.log_at_zero - math.log(THOUSAND) for one in patches])
    growth = torch.tensor([one.level.growth for one in patches])
    if all(one.known is None for one in patches):
        return noisy.float(), target.float(), log_at_zero, growth, None
    masks = [np.ones(one.noisy.shape, dtype=bool) if one.known is None else one.known for one in patches]
    return noisy.float(), target.float(), log_at_zero, growth, torch.from_numpy(np.stack(masks))[:, None].float()
