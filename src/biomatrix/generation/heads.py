"""From the last position of a network to the logits of the ids that may come next.

Legend of shapes: R rows, N candidate ids, D hidden size, V embedding rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, Union

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.generation.masks import MaskTable
from biomatrix.generation.qwen3.cache import KeyValues
from biomatrix.generation.qwen3.network import Qwen3
from biomatrix.generation.splicing import spliced
from biomatrix.generation.transfers import sent
from biomatrix.processors import threads_for

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PLAIN_HEADS = frozenset({"qwen2", "qwen3", "llama", "mistral"})
"""Architectures whose logits are the last hidden state times the output rows, so that rows may be left out."""

Network: TypeAlias = Union["PreTrainedModel", Qwen3]
"""What answers: a causal language model of Transformers, or the plain decoder."""

_DENSE: Final = 1.25
"""Ids that span at most this many times their number are cut as one slice: no weights are copied, few logits wasted."""
_DRAW: Final = 50.0
"""Floating-point operations that a draw takes for each logit, most of them of the exponential."""


class Cache(Protocol):
    """Keys and values of the tokens read so far, by rows."""

    def batch_select_indices(self, indices: Tensor, /) -> None:
        """Keep these rows, in this order."""


class LastPosition:
    """What decoding asks of a network, above all its output at the last position.

    That is the hidden state, or all logits where the head is not plain.

    Parameters
    ----------
    network : PreTrainedModel or Qwen3
        In evaluation mode.
    """

    def __init__(self, network: Network) -> None:
        self.network: Any = network
        self.is_hidden = isinstance(network, Qwen3) or network.config.model_type in PLAIN_HEADS
        self._parameters = sum(parameter.numel() for parameter in network.parameters())

    def work(self, tokens: int) -> float:
        """Return the floating-point operations of a pass over so many tokens that a processor does; 0 on a GPU."""
        return 2.0 * self._parameters * tokens if self.network.device.type == "cpu" else 0.0

    def new_cache(self) -> Cache:
        """Return an empty cache for the network."""
        if isinstance(self.network, Qwen3):
            return KeyValues()
        from transformers import DynamicCache

        cache: Cache = DynamicCache(config=self.network.config)
        return cache

    def forward(self, **inputs: Any) -> Tensor:
        """Return the hidden state ``[R, D]``, or the logits ``[R, V]``; the inputs are those of :class:`Qwen3`."""
        with threads_for(self.work(inputs["position_ids"].numel())):
            return self._forward(**inputs)

    def inputs(self, ids: Tensor) -> dict[str, Tensor]:
        """Return how :meth:`forward` is told of prompts ``[R, T]``: by ids, or by embeddings where one is a vector.

        Raises
        ------
        ConfigurationError
            There is no vector of an id below 0, or it is of another width.
        """
        embedded = spliced(ids, self._embedded)
        return {"input_ids": ids} if embedded is None else {"inputs_embeds": embedded}

    def _embedded(self, ids: Tensor) -> Tensor:
        if isinstance(self.network, Qwen3):
            return torch.nn.functional.embedding(ids, self.network.embedding)
        embedded: Tensor = self.network.get_input_embeddings()(ids)
        return embedded

    def _forward(self, **inputs: Any) -> Tensor:
        if isinstance(self.network, Qwen3):
            return self.network(**{"input_ids": None, **inputs})[:, -1]
        if self.is_hidden:
            hidden: Tensor = self.network.model(**inputs, use_cache=True).last_hidden_state[:, -1]
            return hidden
        logits: Tensor = self.network(**inputs, use_cache=True, logits_to_keep=1).logits[:, -1]
        return logits

    def hidden_states(self, ids: Tensor) -> Tensor:
        """Return the hidden state of every position of whole documents, ``[R, T, D]``."""
        with threads_for(self.work(ids.numel())):
            return self._hidden_states(ids)

    def _hidden_states(self, ids: Tensor) -> Tensor:
        if isinstance(self.network, Qwen3):
            ones = torch.ones_like(ids)
            positions = ones.cumsum(dim=1) - 1
            read: dict[str, Any] = {"attention_mask": ones, "position_ids": positions, "past_key_values": KeyValues()}
            return self.network(**{"input_ids": None, **self.inputs(ids), **read})
        states: Tensor = self.network.base_model(**self.inputs(ids), use_cache=False).last_hidden_state
        return states

    def all_logits(self, hidden: Tensor) -> Tensor:
        """Return the logits of every embedding row, ``[T, V]``, of hidden states ``[T, D]``."""
        if isinstance(self.network, Qwen3):
            return torch.nn.functional.linear(hidden, self.network.output_rows)
        logits: Tensor = self.network.get_output_embeddings()(hidden)
        return logits

    @property
    def input_rows(self) -> Tensor:
        """The weights of the embedding, ``[V, D]``."""
        if isinstance(self.network, Qwen3):
            return self.network.embedding
        rows: Tensor = self.network.get_input_embeddings().weight
        return rows

    def output_rows(self, ids: slice | Tensor) -> Tensor | None:
        """Return the weights that make these ids' logits of a hidden state, ``[N, D]``; None of a head not plain."""
        if isinstance(self.network, Qwen3):
            return self.network.output_rows[ids]
        rows: Tensor | None = self.network.lm_head.weight[ids] if self.is_hidden else None
        return rows


class Head:
    """Logits of the ids that some automata may allow.

    Parameters
    ----------
    last : LastPosition
        The network.
    ids : ndarray, shape=(n,), dtype=int64
        The ids that may be chosen, ascending.

    Attributes
    ----------
    ids : ndarray, shape=(N,), dtype=int64
        The candidates: ``ids`` and, where they are dense, the ids between them.
    masks : MaskTable
        From ranges of ids to the columns of the logits.
    """

    def __init__(self, last: LastPosition, ids: NDArray[np.int64]) -> None:
        first, stop = int(ids[0]), int(ids[-1]) + 1
        dense = stop - first <= _DENSE * len(ids)
        self.ids = np.arange(first, stop, dtype=np.int64) if dense else ids
        self._is_dense = dense
        self._device = last.network.device
        self.masks = MaskTable(self.ids, self._device)
        self._rows: slice | Tensor = slice(first, stop) if dense else torch.from_numpy(ids).to(self._device)
        self._weight = last.output_rows(self._rows)

    def work(self, rows: int, columns: int) -> float:
        """Return the floating-point operations of logits and a draw among them that a processor does; 0 on a GPU."""
        width = 0 if self._weight is None else self._weight.shape[1]
        return (2.0 * width + _DRAW) * rows * columns if self._device.type == "cpu" else 0.0

    def logits(self, last: Tensor, first: int = 0, stop: int | None = None) -> Tensor:
        """Return logits of the candidates ``first`` to ``stop``, ``float32 [R, N]``.

        Parameters
        ----------
        last : Tensor, shape=(R, D) or (R, V)
            From :class:`LastPosition`.
        """
        return self.scores(last, first, stop).float()

    def scores(self, last: Tensor, first: int = 0, stop: int | None = None) -> Tensor:
        """Return the same as :meth:`logits` in the type of the network."""
        if self._weight is None:
            return last[:, self._rows][:, first:stop]
        return torch.nn.functional.linear(last, self._weight[first:stop])

    def without(self, scores: Tensor, column: int, rows: NDArray[np.int64], ids: NDArray[np.int64]) -> Tensor:
        """Return scores that are -inf at some rows and ids; those of a head of its own are written over.

        Parameters
        ----------
        scores : Tensor, shape=(R, n)
            Of the candidates from ``column`` on.
        column : int
        rows, ids : ndarray, shape=(k,), dtype=int64
            Ids outside these candidates are passed over.
        """
        columns = (ids - self.ids[0] if self._is_dense else np.searchsorted(self.ids, ids)) - column
        width = scores.shape[1]
        places = rows * width + columns
        inside = (columns >= 0) & (columns < width)
        if not inside.all():
            places = places[inside]
        if not len(places):
            return scores
        if self._weight is None:  # a view of what the network returned
            scores = scores.clone(memory_format=torch.contiguous_format)
        scores.view(-1).index_fill_(0, sent(places, scores.device), -torch.inf)
        return scores
