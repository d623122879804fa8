"""What a network remembers of the rows of a batch, and how it reads on.

Legend of shapes: R rows, P prompts, T tokens, D hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.generation.heads import Cache, LastPosition
from biomatrix.generation.qwen3.cache import KeyValues
from biomatrix.generation.qwen3.network import Qwen3
from biomatrix.generation.qwen3.static_steps import StaticSteps
from biomatrix.generation.recorded_draws import RecordedDraws
from biomatrix.generation.transfers import sent


class RowStates(Protocol):
    """The rows of a batch inside a network. Between ``begin`` and ``read`` rows may leave."""

    hidden: Tensor
    """Of the last token of each prompt, ``[R, D]``, or its logits ``[R, V]``."""
    draws: RecordedDraws | None
    """Draws that a GPU knows."""

    def begin(self, ids: NDArray[np.int64]) -> None:
        """Take the next token of each row, ``int64 [R]``; a GPU begins to read it."""
        ...

    def order(self, kept: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return in which order the rows that stay, ``bool [R]``, are kept at the least cost."""
        ...

    def keep(self, order: NDArray[np.int64]) -> None:
        """Keep these rows, in this order."""
        ...

    def read(self) -> Tensor:
        """Return the hidden states ``[R, D]``, or logits, at the tokens taken last."""
        ...

    def close(self) -> None:
        """Give back what the next batch can use."""
        ...


def row_states(last: LastPosition, prompts: Sequence[tuple[int, ...]]) -> RowStates:
    """Read the prompt of each row; return the rows."""
    network = last.network
    if isinstance(network, Qwen3) and network.device.type == "cuda":
        return StaticRows(last, prompts)
    return GrowingRows(last, prompts)


class GrowingRows:
    """Rows whose cache grows by what is read; rows that leave make it smaller.

    Parameters
    ----------
    last : LastPosition
        The network.
    prompts : sequence of tuple of int
        Of each row.
    """

    def __init__(self, last: LastPosition, prompts: Sequence[tuple[int, ...]]) -> None:
        self._last = last
        self.draws: RecordedDraws | None = None
        self._cache, self._mask, self.hidden = _read_prompts(last, prompts)
        self._ids = np.empty(0, dtype=np.int64)

    def begin(self, ids: NDArray[np.int64]) -> None:
        self._ids = ids

    def order(self, kept: NDArray[np.bool_]) -> NDArray[np.int64]:
        return closed_up(kept)

    def keep(self, order: NDArray[np.int64]) -> None:
        where = sent(order, self._mask.device)
        self._cache.batch_select_indices(where)
        self._ids, self._mask = self._ids[order], self._mask[where]

    def read(self) -> Tensor:
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(self._mask), 1)], dim=1)
        tokens = sent(self._ids, self._mask.device)[:, None]
        return _forward(self._last, tokens, self._mask, self._mask.sum(dim=1, keepdim=True) - 1, self._cache)

    def close(self) -> None:
        pass


class StaticRows:
    """Rows of a plain decoder on a GPU: what it remembers stays in place, and one command reads a token of every row.

    A row that leaves is written on, unread, until few enough are left for a smaller step.

    Parameters
    ----------
    last : LastPosition
        Its network is a plain decoder.
    prompts : sequence of tuple of int
        Of each row.
    """

    def __init__(self, last: LastPosition, prompts: Sequence[tuple[int, ...]]) -> None:
        self._network: Qwen3 = last.network
        cache, mask, self.hidden = _read_prompts(last, prompts)
        assert isinstance(cache, KeyValues)
        self._steps = self._network.spare_steps.pop() if self._network.spare_steps else StaticSteps(self._network)
        self._steps.start(cache, mask)
        self.draws: RecordedDraws | None = self._steps.draws
        self._slots = np.arange(len(prompts))
        """Where each row is."""
        self._where: Tensor | None = None
        """The same on the device; None where the rows are the first ones."""

    def begin(self, ids: NDArray[np.int64]) -> None:
        tokens = np.zeros(self._steps.rows, dtype=np.int64)
        tokens[self._slots] = ids
        self._steps.read(tokens)

    def order(self, kept: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.flatnonzero(kept)

    def keep(self, order: NDArray[np.int64]) -> None:
        self._slots = self._slots[order]
        self._where = sent(self._slots, self._network.device)

    def read(self) -> Tensor:
        hidden = self._steps.hidden[: len(self._slots)] if self._where is None else self._steps.hidden[self._where]
        if self._steps.shrink(self._slots):
            self._slots, self._where = np.arange(len(self._slots)), None
        return hidden

    def close(self) -> None:
        self._network.spare_steps[:] = [self._steps]


def closed_up(kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the rows that stay, ``int64 [k]``: the last of them take the places of those that leave.

    So few rows of a cache move.

    Examples
    --------
    >>> closed_up(np.array([True, False, True, True, True])).tolist()
    [0, 4, 2, 3]
    """
    count = int(kept.sum())
    order = np.arange(count)
    holes = np.flatnonzero(~kept[:count])
    order[holes] = (count + np.flatnonzero(kept[count:]))[::-1]
    return order


def left_padded(prompts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Return prompts padded on the left to one length, and their mask: ``int64 [P, T]`` each."""
    width = max(map(len, prompts))
    ids = torch.zeros((len(prompts), width), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    return ids.to(device), mask.to(device)


def _read_prompts(last: LastPosition, prompts: Sequence[tuple[int, ...]]) -> tuple[Cache, Tensor, Tensor]:
    """Read each distinct prompt once; return the rows' cache, mask ``[R, T]`` and last hidden state ``[R, D]``."""
    distinct = list(dict.fromkeys(prompts))
    ids, mask = left_padded(distinct, last.network.device)
    cache = last.new_cache()
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    hidden = last.forward(**last.inputs(ids), attention_mask=mask, position_ids=positions, past_key_values=cache)
    number = {prompt: i for i, prompt in enumerate(distinct)}
    rows = torch.tensor([number[prompt] for prompt in prompts], device=ids.device)
    cache.batch_select_indices(rows)
    return cache, mask[rows], hidden[rows]


def _forward(last: LastPosition, ids: Tensor, mask: Tensor, positions: Tensor, cache: Cache) -> Tensor:
    return last.forward(input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache)
