"""The decoding loop: one forward pass a token for many rows, over a key-value cache.

Rows are samples of prompts. Prompts are padded on the left, each is read once and its cache repeated for its samples,
and rows that are complete leave the batch. What a row writes depends on its own prompt, seed and sample number only.

Legend of shapes: P prompts, R rows, T tokens, N candidate ids, D hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import DynamicCache

from biomatrix.generation.guides import Guide, States
from biomatrix.generation.sampling import Sampling, choose, random_stream

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PLAIN_HEADS = frozenset({"qwen2", "qwen3", "llama", "mistral"})
"""Architectures whose logits are the last hidden state times the output rows, so that rows may be left out."""

MAX_ROWS = 64


@dataclass(frozen=True)
class Job:
    """One sample to write: its prompt's ids, its number among the prompt's samples, and its guide's first state."""

    prompt: tuple[int, ...]
    sample: int
    state: States
    budget: int


@dataclass(frozen=True)
class Written:
    """What one row wrote: ``logprob`` in nats over the allowed ids; ``complete`` where its guide says finished."""

    ids: tuple[int, ...]
    logprob: float
    complete: bool


@torch.inference_mode()
def decode_jobs(
    model: PreTrainedModel, guide: Guide, jobs: Sequence[Job], sampling: Sampling, max_rows: int = MAX_ROWS
) -> list[Written]:
    """Write every job, in batches of at most ``max_rows``.

    Parameters
    ----------
    model : PreTrainedModel
        A causal language model in evaluation mode.
    guide : Guide
        Says which ids may come next.
    jobs : sequence of Job
        In any order.
    sampling : Sampling
        How ids are chosen.
    max_rows : int
        Rows of a batch; changes speed and memory, not what is written.

    Returns
    -------
    list of Written
        In the order of the jobs.
    """
    written: list[Written] = []
    for start in range(0, len(jobs), max_rows):
        written += _Batch(model, guide, jobs[start : start + max_rows], sampling).run()
    return written


class _Batch:
    """The rows that are written together."""

    def __init__(self, model: PreTrainedModel, guide: Guide, jobs: Sequence[Job], sampling: Sampling) -> None:
        self.model, self.guide, self.jobs, self.sampling = model, guide, jobs, sampling
        self.head = _Head(model, guide.ids)
        self.streams = [random_stream(sampling.seed, job.prompt, job.sample) for job in jobs]
        self.ids: list[list[int]] = [[] for _ in jobs]
        self.logprobs = np.zeros(len(jobs))
        self.complete = np.zeros(len(jobs), dtype=bool)

    def run(self) -> list[Written]:
        rows = np.arange(len(self.jobs))
        states = np.stack([job.state for job in self.jobs])
        cache, mask, hidden = self._read_prompts()
        while True:
            chosen, states = self._write(rows, states, hidden)
            kept = self._unfinished(rows, states)
            if not kept.any():
                break
            if not kept.all():
                rows, states, chosen = rows[kept], states[kept], chosen[kept]
                where = torch.from_numpy(np.flatnonzero(kept)).to(mask.device)
                cache.batch_select_indices(where)
                mask = mask[where]
            mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
            step = torch.from_numpy(chosen[:, None]).to(mask.device)
            hidden = self._forward(step, mask, mask.sum(dim=1, keepdim=True) - 1, cache)
        return [
            Written(tuple(ids), float(logprob), bool(complete))
            for ids, logprob, complete in zip(self.ids, self.logprobs, self.complete, strict=True)
        ]

    def _read_prompts(self) -> tuple[DynamicCache, Tensor, Tensor]:
        """Read each different prompt once; return the rows' cache, mask ``[R, T]`` and last hidden state ``[R, D]``."""
        prompts = list(dict.fromkeys(job.prompt for job in self.jobs))
        ids, mask = left_padded(prompts, self.model.device)
        cache = DynamicCache(config=self.model.config)
        hidden = self._forward(ids, mask, (mask.cumsum(dim=1) - 1).clamp(min=0), cache)
        number = {prompt: i for i, prompt in enumerate(prompts)}
        rows = torch.tensor([number[job.prompt] for job in self.jobs], device=ids.device)
        cache.batch_select_indices(rows)
        return cache, mask[rows], hidden[rows]

    def _forward(self, ids: Tensor, mask: Tensor, positions: Tensor, cache: DynamicCache) -> Tensor:
        return self.head.forward(
            input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True
        )

    def _write(self, rows: NDArray[np.int64], states: States, hidden: Tensor) -> tuple[NDArray[np.int64], States]:
        """Choose the next id of each row and note it; return the ids and the states after them."""
        greedy = self.sampling.is_greedy
        uniforms = np.array([0.0 if greedy else self.streams[row].random() for row in rows])
        columns, logprobs = choose(self.head.logits(hidden), self.guide.allowed(states), uniforms, self.sampling)
        chosen = self.guide.ids[columns]
        self.logprobs[rows] += logprobs
        for row, id_ in zip(rows, chosen.tolist(), strict=True):
            self.ids[row].append(id_)
        return chosen, self.guide.advance(states, chosen)

    def _unfinished(self, rows: NDArray[np.int64], states: States) -> NDArray[np.bool_]:
        done = self.guide.finished(states)
        self.complete[rows[done]] = True
        spent = np.array([len(self.ids[row]) >= self.jobs[row].budget for row in rows])
        unfinished: NDArray[np.bool_] = ~(done | spent)
        return unfinished


class _Head:
    """Logits of the candidate ids alone, where the architecture lets the other rows be left out."""

    def __init__(self, model: PreTrainedModel, ids: NDArray[np.int64]) -> None:
        self._model: Any = model
        self._plain = model.config.model_type in PLAIN_HEADS
        first, last = int(ids[0]), int(ids[-1])
        contiguous = last - first + 1 == len(ids)
        self._ids: slice | Tensor = slice(first, last + 1) if contiguous else torch.from_numpy(ids).to(model.device)
        if self._plain:
            self._weight: Tensor = self._model.lm_head.weight[self._ids]

    def forward(self, **inputs: Any) -> Tensor:
        """Return what ``logits`` takes for the last position: the hidden state, or all logits."""
        if self._plain:
            hidden: Tensor = self._model.model(**inputs).last_hidden_state[:, -1]
            return hidden
        logits: Tensor = self._model(**inputs, logits_to_keep=1).logits[:, -1]
        return logits

    def logits(self, hidden: Tensor) -> Tensor:
        """Return the candidates' logits, ``float32 [R, N]``."""
        if self._plain:
            return torch.nn.functional.linear(hidden, self._weight).float()
        return hidden[:, self._ids].float()


def left_padded(prompts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Return prompts padded on the left to one length, and their mask: ``int64 [P, T]`` each."""
    width = max(map(len, prompts))
    ids = torch.zeros((len(prompts), width), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    return ids.to(device), mask.to(device)
