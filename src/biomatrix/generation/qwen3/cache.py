"""The keys and values of the tokens that have been read.

Legend of shapes: R rows, G key-value heads, T tokens, C width of a head.
"""

from __future__ import annotations

import torch
from torch import Tensor


class KeyValues:
    """Keys and values by layer, ``[R, G, T, C]`` each."""

    def __init__(self) -> None:
        self._layers: list[tuple[Tensor, Tensor]] = []

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add the newest tokens of a layer; return all of the layer."""
        if layer == len(self._layers):
            self._layers.append((keys, values))
        else:
            old_keys, old_values = self._layers[layer]
            self._layers[layer] = torch.cat([old_keys, keys], dim=-2), torch.cat([old_values, values], dim=-2)
        return self._layers[layer]

    def batch_select_indices(self, indices: Tensor) -> None:
        """Keep these rows, in this order, each as often as it is named."""
        self._layers = [(keys[indices], values[indices]) for keys, values in self._layers]
