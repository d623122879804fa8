"""The decoding loop: one forward pass per token for many rows, over a key-value cache.

Rows are samples of prompts. Prompts are padded on the left; each is read once, and its cache is repeated for its
samples. Rows that are complete leave the batch. Each row follows its own guide and sampling; rows whose guides have
the same candidates share a head, a mask and a draw. What a row writes depends only on its own prompt, guide, sampling,
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
from biomatrix.generation.grouping import HeadTable
from biomatrix.generation.heads import Cache, LastPosition, Network
from biomatrix.generation.jobs import Job, Token, Written
from biomatrix.generation.rows import Rows, Step
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
    for batch in _batches(network, jobs, max_rows):
        with collection_deferred():
            for step in batch.steps():
                steps.append(step)
                progress.advance(int(step.last.sum()))
    return _written(steps, len(jobs))


def stream_jobs(network: Network, jobs: Sequence[Job], max_rows: int = MAX_ROWS) -> Iterator[Token]:
    """Yield every id of every job as it is chosen; see :func:`decode_jobs`."""
    for batch in _batches(network, jobs, max_rows):
        for step in batch.steps():
            columns = (step.jobs, step.ids, step.logprobs, step.last, step.complete, step.hastened)
            yield from starmap(Token, zip(*(column.tolist() for column in columns), strict=True))


@torch.inference_mode()
def _batches(network: Network, jobs: Sequence[Job], max_rows: int) -> Iterator[_Batch]:
    """Yield the jobs in batches."""
    last = LastPosition(network)
    heads = HeadTable(last)
    numbered = enumerate(jobs)
    while batch := list(islice(numbered, max_rows)):
        yield _Batch(last, heads, batch)


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

    def __init__(self, last: LastPosition, heads: HeadTable, jobs: Sequence[tuple[int, Job]]) -> None:
        by_guide: dict[int, list[tuple[int, Job]]] = {}
        for number, job in jobs:
            by_guide.setdefault(id(job.guide), []).append((number, job))
        guides = [members[0][1].guide for members in by_guide.values()]
        grouped = [
            (head, [each for guide in shared for each in by_guide[id(guide)]]) for head, shared in heads.group(guides)
        ]
        self._last = last
        self._groups = [Rows(head, members) for head, members in grouped]
        self._prompts = [job.prompt for _, members in grouped for _, job in members]
        ends = np.cumsum([len(members) for _, members in grouped])
        self._places = np.split(np.arange(ends[-1]), ends[:-1])
        """The places of each group's rows in the batch."""

    @torch.inference_mode()
    def steps(self) -> Iterator[Step]:
        """Yield what each group of rows chose, step after step."""
        cache, mask, hidden = self._read_prompts()
        while True:
            chosen = [self._choose(hidden, number) for number in range(len(self._groups))]
            yield from chosen
            ids = np.empty(len(hidden), dtype=np.int64)
            kept = np.empty(len(hidden), dtype=bool)
            for places, step in zip(self._places, chosen, strict=True):
                ids[places], kept[places] = step.ids, ~step.last
            if not kept.any():
                return
            if not kept.all():
                order = closed_up(kept)
                self._keep(kept, order, chosen)
                where = torch.from_numpy(order).to(mask.device)
                cache.batch_select_indices(where)
                ids, mask = ids[order], mask[where]
            mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
            tokens = torch.from_numpy(ids).to(mask.device)[:, None]
            hidden = self._forward(tokens, mask, mask.sum(dim=1, keepdim=True) - 1, cache)

    def _choose(self, hidden: Tensor, number: int) -> Step:
        """Choose the next ids of a group."""
        if len(self._groups) == 1 and len(hidden) == 1:
            return self._groups[number].choose(hidden)
        return self._groups[number].choose(hidden[torch.from_numpy(self._places[number]).to(hidden.device)])

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

    def _read_prompts(self) -> tuple[Cache, Tensor, Tensor]:
        """Read each distinct prompt once; return the rows' cache, mask ``[R, T]`` and last hidden state ``[R, D]``."""
        prompts = list(dict.fromkeys(self._prompts))
        ids, mask = left_padded(prompts, self._last.network.device)
        cache = self._last.new_cache()
        hidden = self._forward(ids, mask, (mask.cumsum(dim=1) - 1).clamp(min=0), cache)
        number = {prompt: i for i, prompt in enumerate(prompts)}
        rows = torch.tensor([number[prompt] for prompt in self._prompts], device=ids.device)
        cache.batch_select_indices(rows)
        return cache, mask[rows], hidden[rows]

    def _forward(self, ids: Tensor, mask: Tensor, positions: Tensor, cache: Cache) -> Tensor:
        return self._last.forward(input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache)


def closed_up(kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the rows that stay, ``int64 [k]``: the last of them take the places of those that leave.

    So few rows of a cache move.

    Examples
    --------
    >>> closed_up(np.array([True, False, True, True, True])).tolist()
    [0, 4, 2, 3]
    """
    count = int(kept.sum())
    order = np.arange(count)
    holes = np.flatnonzero(~kept[:count])
    order[holes] = (count + np.flatnonzero(kept[count:]))[::-1]
    return order


def left_padded(prompts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Return prompts padded on the left to one length, and their mask: ``int64 [P, T]`` each."""
    width = max(map(len, prompts))
    ids = torch.zeros((len(prompts), width), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    return ids.to(device), mask.to(device)
