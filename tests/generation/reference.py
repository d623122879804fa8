"""What decoding should do, spelled out: one row at a time, the whole document read anew for each token."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from biomatrix.entities.automaton import Admitting, Hastening, States
from biomatrix.generation.jobs import Guide, Job
from biomatrix.generation.judged_draws import gumbel_noise
from biomatrix.generation.sampling import random_stream


def allowed_ids(guide: Guide, states: States) -> NDArray[np.int64]:
    """Return the ids that one row may choose."""
    found = guide.allowed(states)
    (ranges,) = guide.offered(states, found) if isinstance(guide, Hastening) else found
    return np.concatenate([np.arange(start, stop) for start, stop in ranges])


def logprobs_of(network: Any, ids: tuple[int, ...], allowed: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the log-probabilities of the allowed ids behind some others, among themselves."""
    with torch.inference_mode():
        logits = network(input_ids=torch.tensor([ids])).logits[0, -1].double()
    return torch.log_softmax(logits[torch.from_numpy(allowed)], dim=-1).numpy()


def drawn_from(guide: Guide, states: States) -> NDArray[np.int64]:
    """Return the ids that one row is drawn from, and that log-probabilities are among."""
    if not isinstance(guide, Admitting):
        return allowed_ids(guide, states)
    (ranges,) = guide.candidates(states)
    return np.concatenate([np.arange(start, stop) for start, stop in ranges])


def written(network: Any, job: Job) -> tuple[list[int], list[float]]:
    """Return the ids of a job without a nucleus, and their log-probabilities."""
    guide, states = job.guide, job.state[None]
    stream = random_stream(job.sampling.seed, job.prompt, job.sample, job.draft)
    ids: list[int] = []
    logprobs: list[float] = []
    while len(ids) < job.budget and not guide.finished(states)[0]:
        drawn = drawn_from(guide, states)
        found = logprobs_of(network, (*job.prompt, *ids), drawn)
        order = np.array([found.argmax()])
        wanted = found
        if not job.sampling.is_greedy:
            uniform, weights = stream.random(), np.exp(found / job.sampling.temperature)
            order = np.searchsorted(weights.cumsum(), [uniform * weights.sum()], side="right")
            wanted = found / job.sampling.temperature + gumbel_noise(np.array([uniform]), drawn)[0]
        order = np.concatenate([order, np.argsort(-wanted, kind="stable")])
        place = next(int(each) for each in order if drawn[each] in allowed_ids(guide, states))
        chosen = drawn[[place]]
        if isinstance(guide, Hastening):
            states, chosen, _ = guide.hastened(states, chosen)
        ids.append(int(chosen[0]))
        logprobs.append(float(found[place]))
        states = guide.advance(states, chosen)
    return ids, logprobs
