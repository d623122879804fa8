"""How likely a continuation is."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """The likelihood of a continuation.

    Parameters
    ----------
    logprob : float
        Log-likelihood in nats of all its tokens, among all tokens of the vocabulary.
    token_logprobs : tuple of float
        The same for each token.
    token_ids : tuple of int
        The ids of the continuation.
    """

    logprob: float
    token_logprobs: tuple[float, ...]
    token_ids: tuple[int, ...]

    @property
    def perplexity(self) -> float:
        """The exponential of the mean negative log-likelihood per token."""
        return math.exp(-self.logprob / max(len(self.token_ids), 1))
