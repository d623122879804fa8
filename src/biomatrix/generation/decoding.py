"""The decoding loop: one forward pass per token for many rows, over a key-value cache.

Rows are samples of prompts. Prompts are padded on the left; each is read once, and its cache is repeated for its
samples. Rows that are complete leave the batch. Each row follows its own guide and sampling; rows whose guides have
the same candidates share a head, a mask and a draw. On a GPU the network reads what was drawn while the guides move on
by it. What a row writes depends only on its own prompt, guide, sampling,
sample number and draft.

Legend of shapes: P prompts, R rows, T tokens, D hidden size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, starmap
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.generation.collection import collection_deferred
from biomatrix.generation.continuous_batch import ContinuousBatch
from biomatrix.generation.grouping import HeadTable, head_table
from biomatrix.generation.heads import Network
from biomatrix.generation.jobs import Job, Token, Written
from biomatrix.generation.recorded_draws import RecordedDraws
from biomatrix.generation.row_states import row_states
from biomatrix.generation.rows import Rows, Step
from biomatrix.generation.transfers import sent
from biomatrix.progress import Progress

MAX_ROWS = 64
_SECONDS: Final = 5.0
"""The least time between two messages of progress."""


def decode_jobs(network: Network, jobs: Sequence[Job], max_rows: int = MAX_ROWS) -> list[Written]:
    """Write every job.

    Parameters
    ----------
    network : PreTrainedModel or Qwen3
        A causal language model in evaluation mode.
    jobs : sequence of Job
        In any order, with any guides.
    max_rows : int
        The most jobs written together; changes speed and memory, not the result.

    Returns
    -------
    list of Written
        In the order of the jobs.
    """
    steps = []
    progress = Progress("writing", lambda: len(jobs), "answers", every=_SECONDS)  # short work ends without a word
    with collection_deferred():
        for step in _steps(network, jobs, max_rows):
            steps.append(step)
            progress.advance(int(step.last.sum()))
    return _written(steps, len(jobs))


def stream_jobs(network: Network, jobs: Sequence[Job], max_rows: int = MAX_ROWS) -> Iterator[Token]:
    """Yield every id of every job as it is chosen; see :func:`decode_jobs`."""
    for step in _steps(network, jobs, max_rows):
        yield from starmap(Token, step.rows())


@torch.inference_mode()
def _steps(network: Network, jobs: Sequence[Job], max_rows: int) -> Iterator[Step]:
    """Yield what the rows of all batches chose, step after step."""
    with head_table(network) as heads:
        if len(jobs) > max_rows and network.device.type == "cpu":
            yield from _replacing(heads, jobs, max_rows)
            return
        numbered = enumerate(jobs)
        while batch := list(islice(numbered, max_rows)):
            yield from _Batch(heads, batch).steps()


def _replacing(heads: HeadTable, jobs: Sequence[Job], max_rows: int) -> Iterator[Step]:
    """Yield the steps of a batch in which the next jobs take the places of rows that have left."""
    batch = ContinuousBatch(heads)
    numbered = enumerate(jobs)
    left = len(jobs)
    while left:
        if batch.can_join:
            batch.add(list(islice(numbered, max_rows - len(batch))))
        stepped = batch.step()
        for error in stepped.failed.values():
            raise error
        yield from stepped.steps
        left -= sum(int(step.last.sum()) for step in stepped.steps)


def _written(steps: Sequence[Step], count: int) -> list[Written]:
    """Return what so many jobs wrote at these steps, in the order of the jobs."""
    if not steps:
        return []
    numbers, ids, logprobs, complete, hastened = (
        np.concatenate([getattr(step, name) for step in steps])
        for name in ("jobs", "ids", "logprobs", "complete", "hastened")
    )
    order = np.argsort(numbers, kind="stable")
    ends = np.cumsum(np.bincount(numbers, minlength=count))
    parts = [np.split(column[order], ends[:-1]) for column in (ids, logprobs, complete, hastened)]
    return [
        Written(tuple(row.tolist()), tuple(each.tolist()), bool(done[-1]), bool(early.any()))
        for row, each, done, early in zip(*parts, strict=True)
    ]


class _Batch:
    """The rows that are written together, grouped by the head that serves them."""

    def __init__(self, heads: HeadTable, jobs: Sequence[tuple[int, Job]]) -> None:
        by_guide: dict[int, list[tuple[int, Job]]] = {}
        for number, job in jobs:
            by_guide.setdefault(id(job.guide), []).append((number, job))
        guides = [members[0][1].guide for members in by_guide.values()]
        grouped = [
            (head, [each for guide in shared for each in by_guide[id(guide)]]) for head, shared in heads.group(guides)
        ]
        self._last = heads.last
        self._groups = [Rows(head, members) for head, members in grouped]
        self._prompts = [job.prompt for _, members in grouped for _, job in members]
        ends = np.cumsum([len(members) for _, members in grouped])
        self._places = np.split(np.arange(ends[-1]), ends[:-1])
        """The places of each group's rows in the batch."""

    @torch.inference_mode()
    def steps(self) -> Iterator[Step]:
        """Yield what each group of rows chose, step after step."""
        states = row_states(self._last, self._prompts)
        hidden = states.hidden
        try:
            while True:
                states.begin(self._draw(hidden, states.draws))
                chosen = [group.settle() for group in self._groups]  # while a GPU reads what was drawn
                yield from chosen
                kept = np.empty(len(hidden), dtype=bool)
                for places, step in zip(self._places, chosen, strict=True):
                    kept[places] = ~step.last
                if not kept.any():
                    return
                if not kept.all():
                    order = states.order(kept)
                    self._keep(kept, order, chosen)
                    states.keep(order)
                hidden = states.read()
        finally:
            states.close()

    def _draw(self, hidden: Tensor, recorded: RecordedDraws | None) -> NDArray[np.int64]:
        """Return the next id of each row, ``int64 [R]``."""
        ids = np.empty(len(hidden), dtype=np.int64)
        for number, (group, places) in enumerate(zip(self._groups, self._places, strict=True)):
            ids[places] = group.draw(self._rows_of(hidden, number), recorded)
        return ids

    def _rows_of(self, hidden: Tensor, number: int) -> Tensor:
        """Return the hidden states of a group."""
        places = self._places[number]
        if places[-1] - places[0] == len(places) - 1 and (np.diff(places) == 1).all():
            return hidden[places[0] : places[-1] + 1]
        return hidden[sent(places, hidden.device)]

    def _keep(self, kept: NDArray[np.bool_], order: NDArray[np.int64], chosen: Sequence[Step]) -> None:
        """Let the rows that are complete leave their groups; ``order`` is that of the rows that stay."""
        new = np.empty(len(kept), dtype=np.int64)
        new[order] = np.arange(len(order))
        for group, step in zip(self._groups, chosen, strict=True):
            if step.last.any():
                group.keep(~step.last)
        places = [new[old[kept[old]]] for old in self._places]
        self._places = [each for each in places if len(each)]
        self._groups = [group for group in self._groups if len(group)]
