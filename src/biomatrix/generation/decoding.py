"""The decoding loop: one forward pass per token for many rows, over a key-value cache.

Rows are samples of prompts. Prompts are padded on the left; each is read once, and its cache is repeated for its
samples. Rows that are complete leave the batch. Each row follows its own automaton and sampling; rows of one automaton
share a head. What a row writes depends only on its own prompt, automaton, sampling and sample number.

Legend of shapes: P prompts, R rows, T tokens, D hidden size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.entities.automaton import States
from biomatrix.generation.heads import Cache, Head, LastPosition, Network
from biomatrix.generation.jobs import Job, Token, Written
from biomatrix.generation.sampling import choose, random_stream
from biomatrix.processors import threads_for
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
    ids: list[list[int]] = [[] for _ in jobs]
    logprobs: list[list[float]] = [[] for _ in jobs]
    complete = [False] * len(jobs)
    progress = Progress("writing", lambda: len(jobs), "answers", every=_SECONDS)  # short work ends without a word
    for token in stream_jobs(network, jobs, max_rows):
        ids[token.job].append(token.id)
        logprobs[token.job].append(token.logprob)
        complete[token.job] = token.complete
        if token.last:
            progress.advance()
    return [Written(tuple(row), tuple(each), done) for row, each, done in zip(ids, logprobs, complete, strict=True)]


@torch.inference_mode()
def stream_jobs(network: Network, jobs: Sequence[Job], max_rows: int = MAX_ROWS) -> Iterator[Token]:
    """Yield every id of every job as it is chosen; see :func:`decode_jobs`."""
    last = LastPosition(network)
    numbered = enumerate(jobs)
    while batch := list(islice(numbered, max_rows)):
        yield from _Batch(last, batch).tokens()


class _Batch:
    """The rows that are written together, grouped by guide."""

    def __init__(self, last: LastPosition, jobs: Sequence[tuple[int, Job]]) -> None:
        by_guide: dict[int, list[tuple[int, Job]]] = {}
        for number, job in jobs:
            by_guide.setdefault(id(job.guide), []).append((number, job))
        self._last = last
        self._groups = [_Group(last, members) for members in by_guide.values()]
        self._prompts = [job.prompt for members in by_guide.values() for _, job in members]

    def tokens(self) -> Iterator[Token]:
        cache, mask, hidden = self._read_prompts()
        while True:
            with threads_for(self._last.work(len(hidden))):
                tokens = self._choose(hidden)
            yield from tokens
            kept = np.array([not token.last for token in tokens])
            if not kept.any():
                return
            if not kept.all():
                where = torch.from_numpy(np.flatnonzero(kept)).to(mask.device)
                cache.batch_select_indices(where)
                mask = mask[where]
            mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
            step = torch.tensor([[token.id] for token in tokens if not token.last], device=mask.device)
            hidden = self._forward(step, mask, mask.sum(dim=1, keepdim=True) - 1, cache)

    def _choose(self, hidden: Tensor) -> list[Token]:
        """Return the next id of each row, in the order of the rows."""
        tokens: list[Token] = []
        for group in self._groups:
            size = len(group)
            if size:
                tokens += group.choose(hidden[len(tokens) : len(tokens) + size])
        return tokens

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


class _Group:
    """The rows of a batch under one guide; rows that are complete leave it."""

    def __init__(self, last: LastPosition, jobs: Sequence[tuple[int, Job]]) -> None:
        self._guide = jobs[0][1].guide
        self._head = Head(last, self._guide.ids)
        self._jobs = list(jobs)
        self._streams = [random_stream(job.sampling.seed, job.prompt, job.sample, job.draft) for _, job in jobs]
        self._states: States = np.stack([job.state for _, job in jobs])
        self._length = 0

    def __len__(self) -> int:
        return len(self._jobs)

    def choose(self, hidden: Tensor) -> list[Token]:
        """Choose the next id of each row; return one token per row."""
        samplings = [job.sampling for _, job in self._jobs]
        draws = zip(samplings, self._streams, strict=True)
        uniforms = np.array([0.0 if sampling.is_greedy else stream.random() for sampling, stream in draws])
        mask = self._head.mask(self._guide.allowed(self._states))
        columns, logprobs = choose(self._head.logits(hidden), mask, uniforms, samplings)
        ids = self._head.ids[columns]
        self._states = self._guide.advance(self._states, ids)
        self._length += 1
        complete = self._guide.finished(self._states)
        last = complete | np.array([self._length >= job.budget for _, job in self._jobs])
        numbers = [number for number, _ in self._jobs]
        values = zip(numbers, ids.tolist(), logprobs.tolist(), last.tolist(), complete.tolist(), strict=True)
        tokens = [Token(*row) for row in values]
        if last.any():
            self._keep(np.flatnonzero(~last))
        return tokens

    def _keep(self, rows: NDArray[np.int64]) -> None:
        self._jobs = [self._jobs[row] for row in rows]
        self._streams = [self._streams[row] for row in rows]
        self._states = self._states[rows]


def left_padded(prompts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Return prompts padded on the left to one length, and their mask: ``int64 [P, T]`` each."""
    width = max(map(len, prompts))
    ids = torch.zeros((len(prompts), width), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    return ids.to(device), mask.to(device)
