"""Keys and values of rows that come and go while others are read on.

All rows end at the same place, that of the token read last; a row that comes is put behind its own padding, and one
that leaves is written over. What is looked at begins where the longest row begins: so padding that all rows share
costs nothing, and moving it away costs nothing either.

Legend of shapes: L layers, R rows, G key-value heads, S places, T tokens, C width of a head.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.generation.qwen3.configuration import Configuration
from biomatrix.generation.transfers import sent

_LEAST_ROOM: Final = 64
"""Places that are free after the room was made anew, at the least; from there it doubles, up to ``_MOST_ROOM``."""
_MOST_ROOM: Final = 512


class JoinedKeyValues:
    """Keys and values of rows of unequal length that end together.

    Parameters
    ----------
    config : Configuration
        Of the decoder.
    like : Tensor
        Of the type and on the device of its weights.

    Attributes
    ----------
    lengths : ndarray, shape=(R,), dtype=int64
        The tokens of each row.
    """

    def __init__(self, config: Configuration, like: Tensor) -> None:
        # Zeros, since a hidden place counts zero times what it holds, and that must be a number.
        shape = 2, config.num_hidden_layers, 0, config.num_key_value_heads, 0, config.head_dim
        self._all = like.new_zeros(shape)
        self._filled = 0
        self.lengths: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    @property
    def span(self) -> int:
        """The places that are looked at: the tokens of the longest row."""
        return int(self.lengths.max(initial=0))

    @property
    def nbytes(self) -> int:
        """The memory held, in bytes."""
        return self._all.nbytes

    def join(self, prompts: Sequence[Tensor]) -> None:
        """Add rows behind the others.

        Parameters
        ----------
        prompts : sequence of Tensor, shape=(2 * L, G, T, C) each
            The keys of every layer, then the values, of a prompt.
        """
        rows, longest = len(self.lengths), max(prompt.shape[2] for prompt in prompts)
        count = rows + len(prompts)
        if count > self._all.shape[2] or longest > self._filled:
            self._make(count, max(longest, self.span))
        for row, prompt in enumerate(prompts, start=rows):
            place = self._all[:, :, row, :, self._filled - prompt.shape[2] : self._filled]
            place.copy_(prompt.view(place.shape))
        self.lengths = np.concatenate([self.lengths, [prompt.shape[2] for prompt in prompts]])

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add a token of each row to a layer, ``[R, G, 1, C]`` each; return what is looked at, ``[R, G, S, C]``."""
        rows = len(self.lengths)
        if layer == 0:
            if self._filled == self._all.shape[4]:
                self._make(rows, self.span)
            self._filled += 1
            self.lengths = self.lengths + 1
        first = self._filled - self.span
        found = self._all[:, layer, :rows, :, first : self._filled]
        found[0, :, :, -1:], found[1, :, :, -1:] = keys, values
        return found[0], found[1]

    def keep(self, order: NDArray[np.int64]) -> None:
        """Keep these rows, in this order; quickest where most keep their places."""
        places = np.flatnonzero(order != np.arange(len(order)))
        if len(places):
            device = self._all.device
            window = self._all[..., self._filled - self.span : self._filled, :]
            window[:, :, sent(places, device)] = window[:, :, sent(order[places], device)]
        self.lengths = self.lengths[order]
        if not len(order):
            self._all, self._filled = self._all[:, :, :0, :, :0].clone(), 0

    def _make(self, rows: int, filled: int) -> None:
        """Make room for at least so many rows, all of which end at ``filled``."""
        old, span, before = self._all, self.span, self._filled
        sizes = list(old.shape)
        sizes[2] = 1 << (rows - 1).bit_length()
        sizes[4] = filled + min(max(_LEAST_ROOM, filled), _MOST_ROOM)
        self._all, self._filled = old.new_zeros(sizes), filled
        kept = len(self.lengths)
        self._all[:, :, :kept, :, filled - span : filled] = old[:, :, :kept, :, before - span : before]
