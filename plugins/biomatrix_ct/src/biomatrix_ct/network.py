"""The restoration network: a small residual CNN that works in units of the noise.

Shapes: n images, h rows, w columns. A decoder of tokens does not restore pixels, so this one reads none.

What it sees of an image is how far each pixel is from the mean of its surroundings, in standard deviations of the
noise there; what it answers with is the part to take away, in the same unit. So one network serves every dose and
every window of values, and it takes away little where there is little noise.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

_SURROUNDINGS = 5
"""Pixels along a side of the square whose mean says how much noise there is."""
_LINEAR_UP_TO = 10.0
"""Standard deviations up to which a deviation enters about as it is; an edge of bone has hundreds."""
MOST_REMOVED = 4.0
"""Standard deviations: the most that is taken away anywhere, since noise has no more."""
FOLD = 2
"""The side of the squares of pixels that the network handles as one place, for speed and for a wider view."""


class RestorationNetwork(nn.Module):
    """Residual convolutions over 2 x 2 pixels at a time.

    Parameters
    ----------
    width : int
        Channels of the layers inside.
    depth : int
        Convolutions of 3 x 3, the first and the last included.
    """

    def __init__(self, width: int = 32, depth: int = 6) -> None:
        super().__init__()
        self.width, self.depth = width, depth
        channels = [FOLD**2, *[width] * (depth - 1), FOLD**2]
        self.layers = nn.ModuleList(
            nn.Conv2d(one, other, 3, padding=1)  # zeros: as far as the mean of the surroundings
            for one, other in pairwise(channels)
        )
        last = self.layers[-1]
        assert isinstance(last, nn.Conv2d)
        nn.init.zeros_(last.weight)
        assert last.bias is not None
        nn.init.zeros_(last.bias)

    def forward(self, values_n1hw: Tensor, log_at_zero_n: Tensor, growth_n: Tensor) -> Tensor:
        """Return the restored images.

        Parameters
        ----------
        values_n1hw : Tensor, float32 [n, 1, h, w]
            Thousands of Hounsfield units; both sides even and at least 8.
        log_at_zero_n, growth_n : Tensor, float32 [n]
            The noise of each image: ``exp(log_at_zero + growth * value)``, in thousands of HU.

        Returns
        -------
        Tensor, float32 [n, 1, h, w]
        """
        mean = mean_of_surroundings(values_n1hw)
        sigma = torch.exp(log_at_zero_n[:, None, None, None] + growth_n[:, None, None, None] * mean.clamp(-1.0, 1.5))
        deviation = _LINEAR_UP_TO * torch.asinh((values_n1hw - mean) / (_LINEAR_UP_TO * sigma))
        return values_n1hw - sigma * self.removed(deviation)

    def removed(self, deviation_n1hw: Tensor) -> Tensor:
        """Return what is to be taken away, in standard deviations, ``float32 [n, 1, h, w]``."""
        hidden = functional.pixel_unshuffle(deviation_n1hw, FOLD)
        for number, layer in enumerate(self.layers):
            before = hidden
            hidden = layer(hidden)
            if number < self.depth - 1:
                hidden = functional.relu(hidden)
                if number:
                    hidden = hidden + before
        removed = functional.pixel_shuffle(hidden, FOLD)
        return MOST_REMOVED * torch.tanh(removed / MOST_REMOVED)


def mean_of_surroundings(values_n1hw: Tensor) -> Tensor:
    """Return the mean over the square round each pixel, the image mirrored at its edges; same shape."""
    edge = _SURROUNDINGS // 2
    padded = functional.pad(values_n1hw, (edge, edge, edge, edge), mode="reflect")
    return functional.avg_pool2d(padded, _SURROUNDINGS, stride=1)
