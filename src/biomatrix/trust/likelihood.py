"""How likely a model found what it wrote: log-probabilities of tokens summed up by answer, segment, residue or atom.

A log-probability here is among the ids that were allowed at its step: a token without an alternative costs nothing, so
that a guided answer is judged by its choices alone. It says how sure the model was, not how often such answers are
true; only a calibration on held-out data says that (:mod:`biomatrix.trust.calibration`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SCALE: Final = 100.0
"""Confidence of a residue or atom as files hold it: 100 times its probability, as pLDDT runs from 0 to 100."""


@dataclass(frozen=True)
class Likelihood:
    """The log-probabilities of the tokens of an answer or of a part of it, summed up.

    Parameters
    ----------
    count : int
        Tokens.
    logprob : float
        Their sum in nats.
    lowest : float
        The least likely token, in nats; 0 of no token.

    Examples
    --------
    >>> str(Likelihood.of([-0.1, -0.3]))
    '0.82 a token, 0.74 at its least sure'
    """

    count: int
    logprob: float
    lowest: float

    @classmethod
    def of(cls, logprobs: ArrayLike) -> Likelihood:
        """Sum up log-probabilities in nats, shape ``(n,)``."""
        array = np.asarray(logprobs, dtype=np.float64)
        return cls(len(array), float(array.sum()), float(array.min()) if len(array) else 0.0)

    @property
    def mean(self) -> float:
        """Log-probability of a token in nats, on average; 0 of no token."""
        return self.logprob / self.count if self.count else 0.0

    @property
    def perplexity(self) -> float:
        """The exponential of the mean negative log-probability: 1 for an answer without doubt."""
        return math.exp(-self.mean)

    def __str__(self) -> str:
        return f"{math.exp(self.mean):.2f} a token, {math.exp(self.lowest):.2f} at its least sure"


def unit_logprobs(logprobs: ArrayLike, units: Sequence[Sequence[int]], count: int) -> NDArray[np.float64]:
    """Return the log-probability of each residue or atom: the sum over the tokens that write it.

    Parameters
    ----------
    logprobs : array, shape=(T,)
        Of each token, in nats.
    units : sequence of sequence of int, length T
        The residues or atoms that each token writes, as :meth:`biomatrix.entities.Modality.units` gives them; one that
        writes several counts for each of them.
    count : int
        Residues or atoms, N.

    Returns
    -------
    ndarray, shape=(N,), dtype=float64
        In nats; NaN where no token writes it.

    Examples
    --------
    >>> unit_logprobs([-0.5, -0.25, -1.0], [(0,), (1,), (1,)], 3).tolist()
    [-0.5, -1.25, nan]
    """
    array = np.asarray(logprobs, dtype=np.float64)
    if len(array) != len(units):
        raise ConfigurationError(f"{len(array)} log-probabilities for {len(units)} tokens; give one for each")
    pairs = [(token, unit) for token, written in enumerate(units) for unit in written]
    summed, written_by = np.zeros(count), np.zeros(count, dtype=np.int64)
    if pairs:
        tokens, places = np.array(pairs, dtype=np.int64).T
        np.add.at(summed, places, array[tokens])
        np.add.at(written_by, places, 1)
    return np.where(written_by > 0, summed, np.nan)


def percent(logprobs: ArrayLike) -> NDArray[Any]:
    """Return confidence from 0 to 100: 100 times the exponential of log-probabilities; NaN stays."""
    return SCALE * np.exp(np.asarray(logprobs, dtype=np.float64))
