"""What a network remembers of rows that join others while these are written.

Prompts are read by themselves, those of similar length together and a long one a piece at a time, so that the rows that
are being written wait little. What was read is then put beside the running rows; nothing of a prompt is read twice.

Legend of shapes: R rows, P prompts, T tokens, L layers, G key-value heads, C width of a head, D hidden size.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.errors import ConfigurationError
from biomatrix.generation.heads import Cache, LastPosition
from biomatrix.generation.qwen3.cache import KeyValues
from biomatrix.generation.qwen3.joined_cache import JoinedKeyValues
from biomatrix.generation.qwen3.network import Qwen3
from biomatrix.generation.row_states import left_padded
from biomatrix.generation.transfers import sent

Prompt = tuple[int, ...]
_MOST_BYTES: Final = 64 << 20
"""The most memory of prompts that are kept for the next rows with the same ones."""


@dataclass(frozen=True, eq=False)
class ReadPrompt:
    """A prompt that has been read.

    Parameters
    ----------
    states : Tensor, shape=(2 * L, G, T, C), or sequence of Tensor, shape=(G, T, C) each
        The keys of every layer, then the values.
    hidden : Tensor, shape=(D,) or (V,)
        Of its last token, or its logits.
    """

    states: Any
    hidden: Tensor


class PromptReading:
    """Prompts that are read together, a piece at a time.

    Parameters
    ----------
    last : LastPosition
        The network.
    prompts : sequence of tuple of int
        Distinct ones.
    """

    def __init__(self, last: LastPosition, prompts: Sequence[Prompt]) -> None:
        self.prompts = list(prompts)
        self._last = last
        self._ids, self._mask = left_padded(prompts, last.network.device)
        self._positions = (self._mask.cumsum(dim=1) - 1).clamp(min=0)
        self._inputs, self._fault = _inputs(last, self._ids)
        self._done = 0
        self.cache: Cache = last.new_cache()
        self.hidden: Tensor | None = None

    @property
    def left(self) -> int:
        """The tokens that are still to be read, padding included."""
        rows, width = self._ids.shape
        return rows * (width - self._done)

    def read(self, tokens: int | None = None) -> None:
        """Read so many tokens more, or all; at least one of each prompt."""
        if self._fault is not None:
            raise self._fault
        rows, width = self._ids.shape
        stop = width if tokens is None else min(width, self._done + max(1, tokens // rows))
        piece = slice(self._done, stop)
        self.hidden = self._last.forward(
            **{name: given[:, piece] for name, given in self._inputs.items()},
            attention_mask=self._mask[:, :stop],
            position_ids=self._positions[:, piece],
            past_key_values=self.cache,
        )
        self._done = stop

    def result(self) -> dict[Prompt, ReadPrompt]:
        """Return what was read, once nothing is left, in memory of its own."""
        states: Any = _all_states(self.cache)
        if isinstance(self.cache, KeyValues):
            states = torch.stack(states)
        assert self.hidden is not None
        found = {}
        for row, prompt in enumerate(self.prompts):
            own: Any = (
                states[:, row, :, -len(prompt) :].clone()
                if isinstance(states, Tensor)
                else [each[row, :, -len(prompt) :] for each in states]
            )
            found[prompt] = ReadPrompt(own, self.hidden[row].clone())
        return found


def _inputs(last: LastPosition, ids: Tensor) -> tuple[dict[str, Tensor], ConfigurationError | None]:
    """Return what the network is told of prompts, or what is wrong with them, for whoever reads them.

    Vectors are looked up here, while the jobs are known to keep them.
    """
    try:
        return last.inputs(ids), None
    except ConfigurationError as error:
        return {}, error


class ContinuousStates(Protocol):
    """The rows of a batch inside a network, of which some come and some leave between two readings."""

    can_join: bool
    """Whether rows may come while others are there."""

    def known(self, prompt: Prompt) -> ReadPrompt | None:
        """Return a prompt that was read before, where it is still there."""
        ...

    def take(self, reading: PromptReading) -> dict[Prompt, ReadPrompt]:
        """Return what has been read."""
        ...

    def join(self, prompts: Sequence[ReadPrompt]) -> None:
        """Let rows with these prompts come, behind the others."""
        ...

    def keep(self, order: NDArray[np.int64]) -> None:
        """Keep these rows, in this order."""
        ...

    def read(self, ids: NDArray[np.int64]) -> Tensor:
        """Read a token of each row, ``int64 [R]``; return the hidden states ``[R, D]``, or logits."""
        ...


def continuous_states(last: LastPosition) -> ContinuousStates:
    """Return no rows yet, as the network at hand keeps them."""
    if isinstance(last.network, Qwen3):
        return PlainStates(last)
    return StockStates(last)


class PlainStates:
    """Rows of the plain decoder.

    Parameters
    ----------
    last : LastPosition
        Its network is a plain decoder.
    """

    def __init__(self, last: LastPosition) -> None:
        self.can_join = True
        self._last = last
        self._cache = JoinedKeyValues(last.network.config, last.network.embedding)
        self._read: OrderedDict[Prompt, ReadPrompt] = OrderedDict()
        self._bytes = 0

    def known(self, prompt: Prompt) -> ReadPrompt | None:
        found = self._read.get(prompt)
        if found is not None:
            self._read.move_to_end(prompt)
        return found

    def take(self, reading: PromptReading) -> dict[Prompt, ReadPrompt]:
        found = reading.result()
        for prompt, read in found.items():
            self._bytes += read.states.nbytes - (self._read[prompt].states.nbytes if prompt in self._read else 0)
            self._read[prompt] = read
        while self._bytes > _MOST_BYTES:
            self._bytes -= self._read.popitem(last=False)[1].states.nbytes
        return found

    def join(self, prompts: Sequence[ReadPrompt]) -> None:
        self._cache.join([prompt.states for prompt in prompts])

    def keep(self, order: NDArray[np.int64]) -> None:
        self._cache.keep(order)

    def read(self, ids: NDArray[np.int64]) -> Tensor:
        return _step(self._last, self._cache.lengths, ids, self._cache)


class StockStates:
    """Rows of a Transformers network.

    A ``DynamicCache`` whose layers keep every token lets rows join; of any other (sliding windows, linear attention)
    the next rows come once all have left.

    Parameters
    ----------
    last : LastPosition
        The network.
    """

    def __init__(self, last: LastPosition) -> None:
        from transformers.cache_utils import DynamicLayer

        self._last = last
        self._cache = cast("Any", last.new_cache())
        self.can_join = bool(self._cache.layers) and all(type(layer) is DynamicLayer for layer in self._cache.layers)
        self._lengths: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._reading: PromptReading | None = None
        """What was read last, where rows cannot join and take its cache over."""

    def known(self, prompt: Prompt) -> ReadPrompt | None:
        return None

    def take(self, reading: PromptReading) -> dict[Prompt, ReadPrompt]:
        if self.can_join:
            return reading.result()
        assert reading.hidden is not None
        self._reading = reading
        return {prompt: ReadPrompt(row, reading.hidden[row]) for row, prompt in enumerate(reading.prompts)}

    def join(self, prompts: Sequence[ReadPrompt]) -> None:
        if not self.can_join:
            self._start(prompts)
            return
        lengths = np.array([prompt.states[0].shape[1] for prompt in prompts])
        running, span = len(self._lengths), int(max(self._lengths.max(initial=0), lengths.max()))
        for number, (name, layer) in enumerate((name, each) for name in _PARTS for each in self._cache.layers):
            parts = [_padded(prompt.states[number], span)[None] for prompt in prompts]
            before = [_padded(getattr(layer, name), span)] if running else []
            if not layer.is_initialized:
                layer.lazy_initialization(parts[0], parts[0])
            setattr(layer, name, torch.cat([*before, *parts]))
        self._lengths = np.concatenate([self._lengths, lengths])

    def keep(self, order: NDArray[np.int64]) -> None:
        self._lengths = self._lengths[order]
        if not len(order):
            self._cache = self._last.new_cache()
            return
        self._cache.batch_select_indices(sent(order, self._last.network.device))
        if self.can_join:
            span = int(self._lengths.max())
            for layer in self._cache.layers:
                layer.keys, layer.values = layer.keys[:, :, -span:], layer.values[:, :, -span:]

    def read(self, ids: NDArray[np.int64]) -> Tensor:
        hidden = _step(self._last, self._lengths, ids, self._cache, None if self.can_join else self._width)
        self._lengths = self._lengths + 1
        self._width += 1
        return hidden

    _width = 0
    """The places of the cache, where padding is not dropped."""

    def _start(self, prompts: Sequence[ReadPrompt]) -> None:
        reading = self._reading
        if len(self._lengths) or reading is None:
            raise RuntimeError("rows cannot join others in this cache")
        rows = np.array([prompt.states for prompt in prompts])
        self._cache, self._reading = reading.cache, None
        self._cache.batch_select_indices(sent(rows, self._last.network.device))
        self._lengths = np.array([len(reading.prompts[row]) for row in rows])
        self._width = int(max(map(len, reading.prompts)))


_PARTS: Final = ("keys", "values")


def _all_states(cache: Any) -> list[Tensor]:
    """Return the keys of every layer, then the values of every layer."""
    if isinstance(cache, KeyValues):
        return cache.all_states()
    return [getattr(layer, name) for name in _PARTS for layer in cache.layers]


def _padded(states: Tensor, span: int) -> Tensor:
    """Return states ``[..., T, C]`` padded on the left, or cut there, to ``span`` places."""
    missing = span - states.shape[-2]
    return torch.nn.functional.pad(states, (0, 0, missing, 0)) if missing else states


def _step(
    last: LastPosition, lengths: NDArray[np.int64], ids: NDArray[np.int64], cache: Any, width: int | None = None
) -> Tensor:
    """Read a token of each row behind ``lengths`` others; return the hidden states ``[R, D]``."""
    device = last.network.device
    width = int(lengths.max()) if width is None else width
    mask = np.arange(width + 1) >= (width - lengths)[:, None]
    return last.forward(
        input_ids=sent(ids, device)[:, None],
        attention_mask=sent(mask.astype(np.int64), device),
        position_ids=sent(lengths.copy(), device)[:, None],
        past_key_values=cache,
    )
