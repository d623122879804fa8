"""Steps of a plain decoder over tensors that stay where they are, so that a GPU replays a step as one command.

A step of one token a row is hundreds of short operations, and telling a GPU of each takes longer than doing it. A
recorded step (a CUDA graph) is told once. It reads and writes the same memory each time: so the cache has its room from
the start, the rows are padded to a power of two, and what no token has filled is hidden by the mask.

Legend of shapes: R rows, G key-value heads, S places, T tokens, C width of a head, D hidden size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.generation.recorded_draws import RecordedDraws
from biomatrix.generation.recording import Recorder
from biomatrix.generation.transfers import pinned

if TYPE_CHECKING:
    from biomatrix.generation.qwen3.cache import KeyValues
    from biomatrix.generation.qwen3.network import Qwen3

_ROOM: Final = 128
"""The fewest places that a step looks at; from there they double."""
_SHRINK: Final = 4
"""Rows that have left are written on until a step of this part of the rows holds those that stay."""


class StaticSteps:
    """The rows of one batch after another, and the steps that were recorded for their number and length.

    Parameters
    ----------
    network : Qwen3
        On a CUDA device its steps are recorded; elsewhere they are done one operation after the other.

    Attributes
    ----------
    rows : int
        How many rows a step reads, a power of two.
    hidden : Tensor, shape=(rows, D)
        Of the token of each row that was read last; overwritten by the next.
    draws : RecordedDraws
        For the logits of these rows.
    """

    def __init__(self, network: Qwen3) -> None:
        self._network = network
        self._most_rows = self._room = self._filled = self.rows = 0
        self._keys: list[Tensor] = []
        self._values: list[Tensor] = []
        self._recorder = Recorder(network.device)
        self._recorded: dict[tuple[int, int], tuple[Callable[[], None], Tensor]] = {}
        """Steps and their hidden states by the rows that they read and the places that they look at."""
        self.draws = RecordedDraws(network.device)
        self.hidden: Tensor = network.embedding.new_empty((0, 0))

    def start(self, cache: KeyValues, mask: Tensor) -> None:
        """Begin with rows whose prompts have been read; ``mask``, ``int64 [R, T]``, is 1 for their tokens."""
        count, self._filled = mask.shape
        self.rows = _power_of_two(count)
        if self.rows > self._most_rows or self._filled >= self._room:
            self._make(max(self.rows, self._most_rows), max(_places(self._filled + 1), self._room))
        for own, given in zip([*self._keys, *self._values], cache.all_states(), strict=True):
            own[:count, :, : self._filled] = given
        self._mask[: self.rows] = -torch.inf
        self._mask[count : self.rows, ..., 0] = 0.0  # a row of nothing would see nothing at all
        self._mask[:count, 0, 0, : self._filled].masked_fill_(mask.bool(), 0.0)
        self._positions[:count, 0] = mask.sum(dim=1)
        self._place.fill_(self._filled)

    def read(self, ids: NDArray[np.int64]) -> None:
        """Read a token of each row, ``int64 [rows]``."""
        if self._filled == self._room:
            self._grow()
        self._ids[: self.rows, 0].copy_(pinned(ids, self._network.device), non_blocking=True)
        self._filled += 1
        places = _places(self._filled)
        if (self.rows, places) not in self._recorded:
            self._recorded[self.rows, places] = self._record(places)
        replay, self.hidden = self._recorded[self.rows, places]
        replay()

    def shrink(self, slots: NDArray[np.int64]) -> bool:
        """Let the rows at these places, ascending, be the first ones where a much smaller step holds them.

        Returns
        -------
        bool
            Whether they are.
        """
        rows = _power_of_two(len(slots))
        if rows * _SHRINK > self.rows:
            return False
        where = torch.from_numpy(slots).to(self._network.device)
        for states in (*self._keys, *self._values):
            states[: len(slots), :, : self._filled] = states[where, :, : self._filled]
        self._mask[: len(slots)] = self._mask[where]
        self._positions[: len(slots)] = self._positions[where]
        self.rows = rows
        return True

    def _make(self, rows: int, room: int) -> None:
        """Make empty tensors; what was recorded knows only the old ones."""
        self._recorded.clear()
        self._recorder = Recorder(self._network.device)
        self._keys.clear()
        self._values.clear()
        self._most_rows, self._room = rows, room
        config, like = self._network.config, self._network.embedding
        shape = rows, config.num_key_value_heads, room, config.head_dim
        self._keys = [like.new_zeros(shape) for _ in range(config.num_hidden_layers)]
        self._values = [like.new_zeros(shape) for _ in range(config.num_hidden_layers)]
        self._mask = like.new_full((rows, 1, 1, room), -torch.inf)
        """Added to how much a token is looked at: 0, or -inf where there is none."""
        self._ids = torch.zeros((rows, 1), dtype=torch.int64, device=like.device)
        self._positions = torch.zeros_like(self._ids)
        """Of the next token in its document."""
        self._place = torch.zeros(1, dtype=torch.int64, device=like.device)
        """Of the next token in the cache, the same for all rows."""

    def _grow(self) -> None:
        keys, values, mask, positions, place = self._keys, self._values, self._mask, self._positions, self._place
        room = self._room
        self._keys, self._values = [], []
        self._make(self._most_rows, 2 * room)
        for new, old in zip([*self._keys, *self._values], [*keys, *values], strict=True):
            new[:, :, :room] = old
        self._mask[..., :room] = mask
        self._positions.copy_(positions)
        self._place.copy_(place)

    def _step(self, rows: int, places: int) -> Tensor:
        """Read the tokens at hand; doing it twice changes nothing."""
        mask = self._mask[:rows, :, :, :places]
        mask.index_fill_(3, self._place, 0.0)

        def remember(layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
            all_keys, all_values = self._keys[layer][:rows, :, :places], self._values[layer][:rows, :, :places]
            all_keys.index_copy_(2, self._place, keys)
            all_values.index_copy_(2, self._place, values)
            return all_keys, all_values

        return self._network.read(self._ids[:rows], self._positions[:rows], mask, remember)[:, -1]

    def _record(self, places: int) -> tuple[Callable[[], None], Tensor]:
        """Return a recorded step over so many places, and where it writes the hidden states."""
        rows = self.rows
        hidden = self.hidden.new_empty((rows, self._network.config.hidden_size))

        def run() -> None:
            hidden.copy_(self._step(rows, places))
            self._place += 1
            self._positions += 1

        return self._recorder.record(run, warm=lambda: self._step(rows, places)), hidden


def _power_of_two(count: int) -> int:
    """Return the least power of two that is not smaller."""
    return 1 << (count - 1).bit_length()


def _places(filled: int) -> int:
    return max(_ROOM, _power_of_two(filled))
