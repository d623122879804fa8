"""The one interface: log-likelihoods and vectors of sequences, whatever gives them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from biomatrix.entities.nucleic.bases import reverse_complement
from biomatrix.errors import ServerError, UnsupportedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class LogLikelihood:
    """How likely a model finds a sequence.

    Parameters
    ----------
    total : float
        Nats, over the tokens that were predicted.
    tokens : int
        How many these are: a model without a first token predicts one fewer than it reads.
    """

    total: float
    tokens: int

    @property
    def mean(self) -> float:
        """Nats a token; NaN where none was predicted."""
        return self.total / self.tokens if self.tokens else math.nan


class SequenceModel(ABC):
    """A model of nucleic acids.

    Parameters
    ----------
    name : str
        For tables.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def log_likelihoods(self, sequences: Sequence[str]) -> list[LogLikelihood]:
        """Return one for each sequence, which does not depend on the others that are asked with it.

        Raises
        ------
        BioMatrixError
            A sequence cannot be read; with its number, from 1, as the record.
        """

    def embeddings(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector a sequence, ``float32 [n, d]``; UnsupportedError where the model gives none."""
        raise UnsupportedError(f"{self.name} gives no vectors")

    def differences(self, references: Sequence[str], alternatives: Sequence[str]) -> list[float]:
        """Return how much likelier each alternative is than its reference, in nats a token.

        The difference of the means, as Evo 2 is scored; references that are the same are read once. A masked model
        compares the tokens that differ instead.
        """
        asked = list(dict.fromkeys([*references, *alternatives]))
        found = dict(zip(asked, self.log_likelihoods(asked), strict=True))
        return [found[two].mean - found[one].mean for one, two in zip(references, alternatives, strict=True)]


class BothStrands(SequenceModel):
    """The mean of what a model says of DNA and of its reverse complement.

    Parameters
    ----------
    model : SequenceModel
    """

    def __init__(self, model: SequenceModel) -> None:
        super().__init__(f"{model.name}, both strands")
        self._model = model

    def log_likelihoods(self, sequences: Sequence[str]) -> list[LogLikelihood]:
        """Return the mean a token over both strands: their totals, over the tokens of both."""
        strands = self._model.log_likelihoods([*sequences, *map(_other_strand, sequences)])
        pairs = zip(strands[: len(sequences)], strands[len(sequences) :], strict=True)
        return [LogLikelihood(one.total + two.total, one.tokens + two.tokens) for one, two in pairs]

    def embeddings(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Return the mean of the vectors of both strands, ``float32 [n, d]``."""
        both = self._model.embeddings([*sequences, *map(_other_strand, sequences)])
        return ((both[: len(sequences)] + both[len(sequences) :]) / 2).astype("float32")

    def differences(self, references: Sequence[str], alternatives: Sequence[str]) -> list[float]:
        """Return the mean of both strands' differences."""
        here = self._model.differences(references, alternatives)
        there = self._model.differences([*map(_other_strand, references)], [*map(_other_strand, alternatives)])
        return [(one + two) / 2 for one, two in zip(here, there, strict=True)]


def checked_likelihood(total: Any, tokens: Any, whose: str) -> LogLikelihood:
    """Return what a file or a server says of a sequence; ServerError where that cannot be a log-likelihood."""
    numbers = [isinstance(each, int | float) and not isinstance(each, bool) for each in (total, tokens)]
    if not all(numbers) or not math.isfinite(total) or total > 0 or tokens < 0 or tokens != int(tokens):
        raise ServerError(f"{whose} says {total!r} nats over {tokens!r} tokens, which is no log-likelihood")
    return LogLikelihood(float(total), int(tokens))


def _other_strand(sequence: str) -> str:
    """Return the reverse complement, each base in the case that it had."""
    turned = reverse_complement(sequence.upper(), "dna")
    if sequence.isupper():
        return turned
    return "".join(
        base.lower() if other.islower() else base for base, other in zip(turned, reversed(sequence), strict=True)
    )
