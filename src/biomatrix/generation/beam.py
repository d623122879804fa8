"""Beam search: the likeliest answers under a guide.

Legend of shapes: B open beams, K candidates for the next step, T tokens, N candidate ids, k numbers of a state.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.entities.automaton import Admitting, States
from biomatrix.entities.table_automaton import inside
from biomatrix.generation.decoding import MAX_ROWS
from biomatrix.generation.heads import Head, LastPosition, Network
from biomatrix.generation.jobs import Job, Written
from biomatrix.generation.row_states import left_padded
from biomatrix.processors import threads_for

Result = TypeVar("Result")


@torch.inference_mode()
def beam_search(
    network: Network,
    job: Job,
    beams: int,
    count: int,
    length_penalty: float = 1.0,
    max_rows: int = MAX_ROWS,
) -> list[Written]:
    """Search for the likeliest answers of a job.

    At each step the likeliest ``2 * beams`` continuations of the open beams are looked at, those that are complete are
    put aside, and the likeliest ``beams`` of the others stay open; one beam is the greedy answer. The search ends when
    the budget does, or when no open beam can become better than the worst answer that would be returned.

    Parameters
    ----------
    network : PreTrainedModel or Qwen3
        A causal language model in evaluation mode.
    job : Job
        Its sampling and its number of the sample have no meaning here.
    beams : int
        The beams that are open at a time.
    count : int
        The most answers wanted.
    length_penalty : float
        The exponent of the length in the score, as in Transformers: the sum of the log-probabilities among the allowed
        ids, divided by the number of tokens, the last one included, to this power. 1 ranks by the mean, 0 by the sum.
    max_rows : int
        The most beams whose logits are in memory together; does not change the result.

    Returns
    -------
    list of Written
        Distinct answers, the best first; fewer than ``count`` where the search met fewer. What the budget cut short
        comes behind all that is complete.
    """
    return ended(beam_steps(network, job, beams, count, length_penalty, max_rows))


@torch.inference_mode()
def beam_steps(
    network: Network,
    job: Job,
    beams: int,
    count: int,
    length_penalty: float = 1.0,
    max_rows: int = MAX_ROWS,
) -> Generator[None, None, list[Written]]:
    """Search as :func:`beam_search` does, one step at a time, so that others may use the network in between."""
    return (yield from _Search(LastPosition(network), job, beams, count, length_penalty, max_rows).steps())


def ended(steps: Generator[None, None, Result]) -> Result:
    """Return what comes of some steps."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


@dataclass(frozen=True, eq=False)
class _Beams:
    """Partial answers of one length.

    Parameters
    ----------
    ids, logprobs : ndarray, shape=(B, T)
        What was written.
    states : ndarray, shape=(B, k)
        Of the guide.
    """

    ids: NDArray[np.int64]
    logprobs: NDArray[np.float64]
    states: States

    @property
    def sums(self) -> NDArray[np.float64]:
        sums: NDArray[np.float64] = self.logprobs.sum(axis=1)
        return sums

    def at(self, rows: NDArray[np.int64]) -> _Beams:
        return _Beams(self.ids[rows], self.logprobs[rows], self.states[rows])


class _Search:
    """The search of one job."""

    def __init__(
        self, last: LastPosition, job: Job, beams: int, count: int, length_penalty: float, max_rows: int
    ) -> None:
        self._last = last
        self._job = job
        self._head = Head(last, job.guide.ids)
        self._beams, self._count, self._penalty, self._max_rows = beams, count, length_penalty, max_rows
        self._found: list[tuple[float, Written]] = []
        """The best complete answers and their scores, the best first."""

    def steps(self) -> Generator[None, None, list[Written]]:
        """Yield after each step of all beams; return the answers."""
        ids, mask = left_padded([self._job.prompt], self._last.network.device)
        cache = self._last.new_cache()
        read = {**self._last.inputs(ids), "position_ids": mask.cumsum(dim=1) - 1}
        nothing = np.empty((1, 0))
        open_ = _Beams(nothing.astype(np.int64), nothing, self._job.state[None])
        for _ in range(self._job.budget):
            hidden = self._last.forward(**read, attention_mask=mask, past_key_values=cache)
            parents, following = self._continued(open_, hidden)
            complete = self._job.guide.finished(following.states)
            self._put_aside(following.at(np.flatnonzero(complete)))
            rows = np.flatnonzero(~complete)[: self._beams]
            rows = rows[in_place(parents[rows])]
            open_ = following.at(rows)
            if not len(rows) or self._is_decided(open_):
                break
            where = torch.from_numpy(parents[rows]).to(mask.device)
            cache.batch_select_indices(where)
            mask = torch.ones((len(rows), mask.shape[1] + 1), dtype=mask.dtype, device=mask.device)
            tokens = torch.from_numpy(open_.ids[:, -1:]).to(mask.device)
            read = {"input_ids": tokens, "position_ids": mask.sum(dim=1, keepdim=True) - 1}
            yield
        best = [written for _, written in self._found]
        return (best + self._unfinished(open_))[: self._count]

    def _continued(self, open_: _Beams, hidden: Tensor) -> tuple[NDArray[np.int64], _Beams]:
        """Return the likeliest continuations, the likeliest first, and the beam that each continues, ``int64 [K]``."""
        most = 2 * self._beams if self._beams > 1 else 1
        with threads_for(self._head.work(len(hidden), len(self._head.ids))):
            parents, columns, logprobs = self._likeliest(open_, hidden, most)
        ids = self._head.ids[columns]
        before = open_.at(parents)
        return parents, _Beams(
            np.concatenate([before.ids, ids[:, None]], axis=1),
            np.concatenate([before.logprobs, logprobs[:, None]], axis=1),
            self._job.guide.advance(before.states, ids),
        )

    def _likeliest(
        self, open_: _Beams, hidden: Tensor, most: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Return beam, column and log-probability of the likeliest continuations; of equals, those that come first."""
        guide = self._job.guide
        listed = guide.allowed(open_.states)
        ranges = guide.candidates(open_.states) if isinstance(guide, Admitting) else listed
        found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
        for first in range(0, len(hidden), self._max_rows):
            part = slice(first, first + self._max_rows)
            allowed = self._head.masks.allowed(ranges[part])
            values = self._head.logits(hidden[part], allowed.first, allowed.stop).double()
            if allowed.masks is not None:
                values = values.masked_fill_(allowed.masks.piece(0, len(values)), -torch.inf)
            elif allowed.forced is not None:
                columns = torch.from_numpy(allowed.forced - allowed.first).to(values.device)[:, None]
                values = torch.full_like(values, -torch.inf).scatter_(1, columns, 0.0)
            logprobs = torch.log_softmax(values, dim=-1)
            if ranges is not listed:  # they are among candidates, as those of a draw are
                ids = self._head.ids[allowed.first : allowed.stop]
                forbidden = ~np.stack([inside(each, ids) for each in listed[part]])
                logprobs.masked_fill_(torch.from_numpy(forbidden).to(values.device), -torch.inf)
            totals = logprobs + torch.from_numpy(open_.sums[part]).to(values.device)[:, None]
            least = totals.flatten().topk(min(most, totals.numel())).values[-1]
            rows, columns = ((totals >= least) & (logprobs > -torch.inf)).nonzero(as_tuple=True)
            chosen = (rows + first, columns + allowed.first, logprobs[rows, columns])
            found.append(tuple(each.cpu().numpy() for each in chosen))  # type: ignore[arg-type]
        parents, places, gained = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.lexsort((places, parents, -(open_.sums[parents] + gained)))[:most]
        return parents[order], places[order], gained[order]

    def _put_aside(self, complete: _Beams) -> None:
        scores = self._scores(complete.sums, complete.ids.shape[1])
        self._found += zip(scores, _written(complete, True), strict=True)
        self._found = sorted(self._found, key=lambda found: -found[0])[: self._count]

    def _is_decided(self, open_: _Beams) -> bool:
        """Whether no open beam can become better than the worst answer that would be returned.

        A sum of log-probabilities only falls, so the score is best at the most tokens for a positive exponent, and at
        the fewest for a negative one.
        """
        length = self._job.budget if self._penalty > 0 else open_.ids.shape[1] + 1
        best = self._scores(open_.sums, length).max()
        return len(self._found) >= self._count and bool(best <= self._found[-1][0])

    def _unfinished(self, open_: _Beams) -> list[Written]:
        order = np.argsort(-open_.sums, kind="stable")
        return _written(open_.at(order), False) if open_.ids.shape[1] == self._job.budget else []

    def _scores(self, sums: NDArray[np.float64], length: int) -> NDArray[np.float64]:
        scores: NDArray[np.float64] = sums / length**self._penalty
        return scores


def _written(beams: _Beams, complete: bool) -> list[Written]:
    rows = zip(beams.ids.tolist(), beams.logprobs.tolist(), strict=True)
    return [Written(tuple(ids), tuple(logprobs), complete) for ids, logprobs in rows]


def in_place(parents: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Return an order of beams in which the first child of a parent takes its place, as far as there are places.

    So most rows of a cache stay where they are.

    Examples
    --------
    >>> in_place([2, 0, 2, 7]).tolist()  # the children of 0, 2, 2, 7
    [1, 2, 0, 3]
    """
    count = len(parents)
    order = np.full(count, -1)
    rest = []
    for child, parent in enumerate(parents):
        if parent < count and order[parent] < 0:
            order[parent] = child
        else:
            rest.append(child)
    order[order < 0] = rest
    return order
