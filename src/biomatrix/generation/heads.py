"""From the last position of a network to the logits of the ids that may come, and masks over them.

Legend of shapes: R rows, N candidate ids, D hidden size, V embedding rows, n ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.entities.automaton import Ranges

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PLAIN_HEADS = frozenset({"qwen2", "qwen3", "llama", "mistral"})
"""Architectures whose logits are the last hidden state times the output rows, so that rows may be left out."""

_DENSE: Final = 1.25
"""Ids that span at most so many times their number are cut as one slice: no weights are copied, few logits wasted."""
_MOST_MASKS: Final = 1024
"""Masks kept; an automaton that keeps to equal ranges being one object needs far fewer."""


class LastPosition:
    """What a network says at the last position: its hidden state, or all logits where the head is of another kind."""

    def __init__(self, network: PreTrainedModel) -> None:
        self.network: Any = network
        self.is_hidden = network.config.model_type in PLAIN_HEADS

    def forward(self, **inputs: Any) -> Tensor:
        """Return the hidden state ``[R, D]``, or the logits ``[R, V]``."""
        if self.is_hidden:
            hidden: Tensor = self.network.model(**inputs).last_hidden_state[:, -1]
            return hidden
        logits: Tensor = self.network(**inputs, logits_to_keep=1).logits[:, -1]
        return logits


class Head:
    """Logits of the ids that an automaton may allow, and masks of those it allows.

    Parameters
    ----------
    last : LastPosition
        The network.
    ids : ndarray, shape=(n,), dtype=int64
        The ids that may be chosen, ascending.

    Attributes
    ----------
    ids : ndarray, shape=(N,), dtype=int64
        The candidates: those ids, and where they are dense what lies between them.
    """

    def __init__(self, last: LastPosition, ids: NDArray[np.int64]) -> None:
        first, stop = int(ids[0]), int(ids[-1]) + 1
        dense = stop - first <= _DENSE * len(ids)
        self.ids = np.arange(first, stop, dtype=np.int64) if dense else ids
        self._device = last.network.device
        self._rows: slice | Tensor = slice(first, stop) if dense else torch.from_numpy(ids).to(self._device)
        self._weight: Tensor | None = last.network.lm_head.weight[self._rows] if last.is_hidden else None
        self._masks: dict[int, tuple[Ranges, Tensor]] = {}

    def logits(self, last: Tensor) -> Tensor:
        """Return the candidates' logits, ``float32 [R, N]``, of what :class:`LastPosition` gives."""
        if self._weight is None:
            return last[:, self._rows].float()
        return torch.nn.functional.linear(last, self._weight).float()

    def mask(self, allowed: Sequence[Ranges]) -> Tensor:
        """Return which candidates each row may choose, ``bool [R, N]``."""
        if all(ranges is allowed[0] for ranges in allowed):
            return self._mask(allowed[0]).expand(len(allowed), -1)
        return torch.stack([self._mask(ranges) for ranges in allowed])

    def _mask(self, ranges: Ranges) -> Tensor:
        known = self._masks.get(id(ranges))
        if known is not None:
            return known[1]
        if len(self._masks) >= _MOST_MASKS:
            self._masks.clear()
        mask = np.zeros(len(self.ids), dtype=bool)
        for start, stop in np.searchsorted(self.ids, ranges):
            mask[start:stop] = True
        tensor = torch.from_numpy(mask).to(self._device)
        # Keeping the ranges keeps their identity from being taken by another object.
        self._masks[id(ranges)] = (ranges, tensor)
        return tensor
