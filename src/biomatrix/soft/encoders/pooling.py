"""How many hidden states become k vectors: a masked mean, the first k, or attention with k learned queries.

Never a network's own ``pooler_output``: weights of a masked language model have no pooler, so that loading them fills
it at random.

Legend of shapes: B rows of a batch, T positions, D hidden size, k vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from biomatrix.errors import ConfigurationError, UnsupportedError

MEAN: Final = "mean"
FIRST: Final = "first"
ATTENTION: Final = "attention"
WAYS: Final = (MEAN, FIRST, ATTENTION)


@dataclass(frozen=True, eq=False)
class Pooling:
    """One way of pooling.

    Parameters
    ----------
    way : {"mean", "first", "attention"}
        The mean of all positions, or of each of k runs of about one length; the first k positions; means weighted by
        how well each position fits one of k learned queries.
    k : int
        Vectors that come out.
    queries : Tensor, shape=(k, D), optional
        For ``attention``; see :mod:`biomatrix.soft.encoders.queries`.

    Raises
    ------
    ConfigurationError
        No such way, no vectors, or queries missing or of another number.
    """

    way: str = MEAN
    k: int = 1
    queries: Tensor | None = None

    def __post_init__(self) -> None:
        if self.way not in WAYS:
            raise ConfigurationError(f"pooling={self.way!r}; it is one of {', '.join(WAYS)}")
        if not isinstance(self.k, int) or self.k < 1:
            raise ConfigurationError(f"k={self.k}; an entity has at least one vector")
        if self.way == ATTENTION and self.queries is None:
            raise ConfigurationError("attention pooling needs queries that were learned; give their folder as queries=")
        if self.way != ATTENTION and self.queries is not None:
            raise ConfigurationError(f"queries are for attention pooling, not for {self.way}")
        if self.queries is not None and (self.queries.ndim != 2 or len(self.queries) != self.k):
            raise ConfigurationError(f"queries of shape {tuple(self.queries.shape)} do not make {self.k} vectors")

    def __str__(self) -> str:
        """Return it in words."""
        if self.way == MEAN:
            return "masked mean" if self.k == 1 else f"masked means of {self.k} runs"
        return f"first {self.k}" if self.way == FIRST else f"attention with {self.k} queries"

    def check_positions(self, count: int) -> None:
        """Raise UnsupportedError where an entity has too few positions for k vectors, or none."""
        least = 1 if self.way == ATTENTION else self.k
        if count < least:
            raise UnsupportedError(
                f"{count} positions make no {self.k} vectors by {self}; ask for fewer"
                if count
                else "nothing to encode: the entity has no position"
            )

    def weights(self, states: Tensor, mask: Tensor) -> Tensor:
        """Return how much each position counts in each vector, ``[B, k, T]``; each row sums to 1.

        Parameters
        ----------
        states : Tensor, shape=(B, T, D)
        mask : Tensor, shape=(B, T), dtype=bool
            True at the positions of the entity: neither padding nor tokens that the tokenizer puts round it.
        """
        if self.queries is not None:
            scores = torch.einsum("kd,btd->bkt", self.queries.to(states), states) / states.shape[-1] ** 0.5
            shares: Tensor = scores.masked_fill(~mask[:, None], -torch.inf).softmax(dim=-1)
            return shares
        rank = mask.cumsum(dim=1) - 1
        parts = torch.arange(self.k, device=mask.device)[None, :, None]
        if self.way == MEAN:
            rank = rank * self.k // mask.sum(dim=1, keepdim=True)
        chosen = (mask[:, None] & (rank[:, None] == parts)).to(states.dtype)
        return chosen / chosen.sum(dim=-1, keepdim=True)

    def __call__(self, states: Tensor, mask: Tensor) -> Tensor:
        """Return the vectors of each row, ``[B, k, D]``; the arguments are those of :meth:`weights`."""
        # Padding may hold anything, also what is not finite, and 0 times that is not 0.
        return self.weights(states, mask) @ states.masked_fill(~mask[..., None], 0.0)
