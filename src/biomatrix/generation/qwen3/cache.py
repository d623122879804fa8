"""The keys and values of the tokens that have been read.

Legend of shapes: R rows, G key-value heads, S places, T tokens, C width of a head.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

_LEAST_ROOM: Final = 64
"""Places that are made at a time at the least; from there the room doubles."""


class KeyValues:
    """Keys and values by layer, ``[R, G, T, C]`` each, with room behind them.

    A token read next is written into its place and nothing else moves: what was read before is copied only when the
    room runs out, and the room then doubles. Where rows leave, the last rows take their places.
    """

    def __init__(self) -> None:
        self._layers: list[_Layer] = []

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add the newest tokens of a layer; return all of the layer, valid until the next call."""
        if layer == len(self._layers):
            self._layers.append(_Layer(keys, values))
        else:
            self._layers[layer].append(keys, values)
        return self._layers[layer].keys, self._layers[layer].values

    def all_states(self) -> list[Tensor]:
        """Return the keys of every layer, then the values of every layer."""
        return [layer.keys for layer in self._layers] + [layer.values for layer in self._layers]

    def batch_select_indices(self, indices: Tensor) -> None:
        """Keep these rows, in this order, each as often as it is named.

        Parameters
        ----------
        indices : Tensor, shape=(R,), dtype=int64
            Quickest where most rows keep their places and the others come from rows that are not replaced.
        """
        count, rows = len(indices), len(self._layers[0].keys)
        places = (indices != torch.arange(count, device=indices.device)).nonzero()[:, 0]
        sources = indices[places]
        in_place = count <= rows and not bool(torch.isin(sources, places).any())
        for layer in self._layers:
            if in_place:
                layer.move(sources, places, count)
            else:
                layer.select(indices)


class _Layer:
    """Keys and values of one layer: the filled part of larger tensors ``[R, G, S, C]``."""

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        self._all_keys, self._all_values = keys, values
        self._filled = keys.shape[2]

    @property
    def keys(self) -> Tensor:
        return self._all_keys[:, :, : self._filled]

    @property
    def values(self) -> Tensor:
        return self._all_values[:, :, : self._filled]

    def append(self, keys: Tensor, values: Tensor) -> None:
        filled = self._filled + keys.shape[2]
        if filled > self._all_keys.shape[2]:
            room = max(filled + _LEAST_ROOM, 2 * self._filled)
            self._all_keys, self._all_values = _with_room(self.keys, room), _with_room(self.values, room)
        self._all_keys[:, :, self._filled : filled] = keys
        self._all_values[:, :, self._filled : filled] = values
        self._filled = filled

    def move(self, sources: Tensor, places: Tensor, count: int) -> None:
        """Write rows over others, and keep the first ``count``."""
        if len(places):
            self.keys[places] = self.keys[sources]
            self.values[places] = self.values[sources]
        self._all_keys, self._all_values = self._all_keys[:count], self._all_values[:count]

    def select(self, indices: Tensor) -> None:
        self._all_keys, self._all_values = self._all_keys[indices], self._all_values[indices]


def _with_room(states: Tensor, room: int) -> Tensor:
    """Return a copy ``[R, G, room, C]`` of which the first tokens are those given."""
    rows, heads, filled, width = states.shape
    larger = states.new_empty((rows, heads, room, width))
    larger[:, :, :filled] = states
    return larger
