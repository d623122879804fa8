"""What an engine writes: jobs, one a sample, and the ids it answers with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.generation.requests import Request
from biomatrix.generation.sampling import Sampling


class Guide(Protocol):
    """What a decoding loop needs of an automaton, be it of one segment or of a whole answer in text.

    :class:`biomatrix.entities.automaton.Automaton` describes each method.
    """

    ids: NDArray[np.int64]

    def start(self, bounds: Bounds) -> NDArray[np.int64]: ...

    def allowed(self, states: States) -> Sequence[Ranges]: ...

    def advance(self, states: States, ids: NDArray[np.int64]) -> States: ...

    def finished(self, states: States) -> NDArray[np.bool_]: ...


@dataclass(frozen=True, eq=False)
class Job:
    """One sample to write.

    Parameters
    ----------
    prompt : tuple of int
        The ids that the sample continues.
    sample : int
        The number of the sample within its request.
    guide : Guide
        Says which ids may come next.
    state : ndarray, shape=(k,), dtype=int64
        The guide's first state.
    budget : int
        The most tokens to write.
    sampling : Sampling
        How ids are chosen.
    draft : int
        How many drafts of this sample were written before and refused; each draws numbers of its own.
    request : Request, optional
        What is asked for, by which an engine elsewhere is told of the guide.
    """

    prompt: tuple[int, ...]
    sample: int
    guide: Guide
    state: NDArray[np.int64]
    budget: int
    sampling: Sampling
    draft: int = 0
    request: Request | None = None


@dataclass(frozen=True)
class Token:
    """One id that a job wrote.

    Parameters
    ----------
    job : int
        The job's index.
    id : int
        The id.
    logprob : float
        Log-probability in nats among the ids that it was drawn from, at temperature 1: the allowed ones, or all
        candidates of an :class:`~biomatrix.entities.automaton.Admitting` guide.
    last : bool
        Whether the job writes no more.
    complete : bool
        Whether its guide has finished; False where the budget ended the job.
    hastened : bool
        Whether an owed end was drawn here: see :class:`biomatrix.entities.automaton.Hastening`.
    """

    job: int
    id: int
    logprob: float
    last: bool
    complete: bool
    hastened: bool = False


@dataclass(frozen=True)
class Written:
    """What one job wrote.

    Parameters
    ----------
    ids : tuple of int
        The ids.
    logprobs : tuple of float
        Log-probability of each in nats among the ids it was drawn from, at temperature 1: see :class:`Token`.
    complete : bool
        Whether the guide has finished; False where the budget ended the job.
    hastened : bool
        Whether the model drew an owed end, so that the rest is the guide's.
    stopped : bool
        Whether a stop string of the request ended it before its guide had finished.
    """

    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    complete: bool
    hastened: bool = False
    stopped: bool = False

    @property
    def logprob(self) -> float:
        """The sum of the log-probabilities, in nats."""
        return sum(self.logprobs)


class Writer(Protocol):
    """Writes jobs: a network in this process, vLLM, or a server. All else of an engine is the same for each of them.

    One whose attribute ``reads_vectors`` is true also takes prompts with ids below 0, which are those of
    :mod:`biomatrix.generation.vectors`.
    """

    def write(self, jobs: Sequence[Job], max_rows: int) -> list[Written]:
        """Return what each job wrote, in order; ``max_rows`` changes speed and memory alone."""
        ...

    def stream(self, jobs: Sequence[Job]) -> Iterator[Token]:
        """Yield every id of every job as it is chosen; what a :class:`RowStream` returns can end single jobs early."""
        ...


@runtime_checkable
class RowStream(Protocol):
    """The ids of several jobs, any of which can be ended before its guide has finished."""

    def end(self, job: int) -> None:
        """Let a job go: nothing of it comes any more, and its row is free from the next step on."""
        ...


@runtime_checkable
class ScoringWriter(Protocol):
    """A writer that also tells how likely given ids are."""

    def token_logprobs(self, prompt: Sequence[int], continuation: Sequence[int]) -> Sequence[float]:
        """Return the log-probability in nats of each id of a continuation, among all tokens of the vocabulary."""
        ...


@runtime_checkable
class StatesWriter(Protocol):
    """Also tells the hidden states of given tokens."""

    def hidden_states(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the last hidden state, after the final norm, at each id of one document: ``float32 [T, D]``."""
        ...


@runtime_checkable
class BeamWriter(Protocol):
    """A writer that also searches for the likeliest answers."""

    def write_beams(self, job: Job, beams: int, count: int, max_rows: int) -> list[Written]:
        """Return the ``count`` likeliest answers that a search with so many beams finds, the likeliest first."""
        ...
