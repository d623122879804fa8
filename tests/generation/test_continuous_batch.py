"""Rows that join a running batch write what they would write alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import Qwen3Config, Qwen3ForCausalLM

from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.generation import Model, Sampling, load
from biomatrix.generation.continuous_batch import ContinuousBatch, NewcomersFailed, Stepped
from biomatrix.generation.continuous_states import PromptReading, continuous_states
from biomatrix.generation.decoding import decode_jobs
from biomatrix.generation.grouping import HeadTable
from biomatrix.generation.heads import LastPosition, Network
from biomatrix.generation.jobs import Guide, Job
from biomatrix.generation.row_states import closed_up

from .test_decoding import different_jobs


class Faulty:
    """A guide that raises at its third token where the first id that was written is odd."""

    def __init__(self, inner: Guide) -> None:
        self.ids, self._inner = inner.ids, inner

    def start(self, bounds: Bounds) -> NDArray[np.int64]:
        return np.concatenate([[0, 0], self._inner.start(bounds)])

    def allowed(self, states: States) -> list[Ranges]:
        return list(self._inner.allowed(states[:, 2:]))

    def advance(self, states: States, ids: NDArray[np.int64]) -> States:
        first = np.where(states[:, 0] == 0, ids, states[:, 1])
        count = states[:, 0] + 1
        if ((count == 3) & (first % 2 == 1)).any():
            raise ValueError("an odd beginning")
        inner = self._inner.advance(states[:, 2:], ids)
        return np.concatenate([count[:, None], first[:, None], inner], axis=1)

    def finished(self, states: States) -> NDArray[np.bool_]:
        return self._inner.finished(states[:, 2:])


@pytest.fixture(scope="module")
def plain() -> Any:
    """nano's plain decoder."""
    return load("nano", device="cpu").engine._network  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def nano_jobs() -> list[Job]:
    """Return 64 different jobs of nano."""
    return different_jobs(load("nano", device="cpu"))


@pytest.fixture(scope="module")
def nano_rows(plain: Any, nano_jobs: list[Job]) -> list[list[int]]:
    """What each of them writes in one fixed batch."""
    return [list(row.ids) for row in decode_jobs(plain, nano_jobs)]


def written(steps: list[Stepped]) -> dict[int, list[int]]:
    """Return the ids of each row."""
    found: dict[int, list[int]] = {}
    for stepped in steps:
        for step in stepped.steps:
            for number, id_ in zip(step.jobs.tolist(), step.ids.tolist(), strict=True):
                found.setdefault(number, []).append(id_)
    return found


@torch.inference_mode()
def joined(
    network: Network, jobs: list[Job], seed: int, rows: int = 12, tokens: int | None = 64
) -> dict[int, list[int]]:
    """Return what jobs write that come in a random order, a few before each step."""
    random = np.random.default_rng(seed)
    waiting = random.permutation(len(jobs)).tolist()
    batch = ContinuousBatch(HeadTable(LastPosition(network)), tokens)
    steps = []
    while waiting or len(batch):
        count = min(len(waiting), int(random.integers(0, 6)), rows - len(batch)) if batch.can_join else 0
        batch.add([(number, jobs[number]) for number in waiting[:count]])
        waiting = waiting[count:]
        steps.append(batch.step())
        assert not steps[-1].failed
    return written(steps)


@pytest.mark.parametrize("steps", [7, pytest.param(24, marks=pytest.mark.exhaustive)])
@torch.inference_mode()
def test_logits_are_those_of_whole_documents_read_anew(plain: Any, steps: int) -> None:
    random = np.random.default_rng(3)
    for network in (plain, plain.stock()):
        last = LastPosition(network)
        states = continuous_states(last)
        documents: list[list[int]] = []
        for step in range(steps):
            new = [tuple(random.integers(0, 1000, size=size).tolist()) for size in ((40, 7), (), (150,), ())[step % 4]]
            for prompt in new:
                reading = PromptReading(last, [prompt])
                while reading.left:
                    reading.read(24)
                states.join([states.take(reading)[prompt]])
                documents.append(list(prompt))
            if step % 5 == 4:
                order = closed_up(random.random(len(documents)) < 0.6)
                states.keep(order)
                documents = [documents[row] for row in order]
            ids = random.integers(0, 1000, size=len(documents))
            documents = [[*document, int(id_)] for document, id_ in zip(documents, ids, strict=True)]
            logits = last.all_logits(states.read(ids))
            anew = [last.hidden_states(torch.tensor([document]))[0, -1:] for document in documents]
            expected = last.all_logits(torch.cat(anew))
            assert float((logits - expected).abs().max()) < 1e-5 * float(expected.abs().max())


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in (1, 2, 3))])
def test_rows_that_join_write_what_they_write_in_a_fixed_batch(
    model: Model, plain: Any, nano_jobs: list[Job], nano_rows: list[list[int]], seed: int
) -> None:
    tiny_jobs = different_jobs(model)
    tiny_rows = [list(row.ids) for row in decode_jobs(model.network, tiny_jobs)]
    for network, jobs, expected in ((model.network, tiny_jobs, tiny_rows), (plain, nano_jobs, nano_rows)):
        found = joined(network, jobs, seed)
        assert [found[number] for number in range(len(jobs))] == expected


@pytest.mark.parametrize("count", [24, pytest.param(64, marks=pytest.mark.exhaustive)])
def test_more_jobs_than_rows_replace_those_that_end(plain: Any, nano_jobs: list[Job], count: int) -> None:
    jobs = nano_jobs[-count:]
    fixed = [row for first in range(0, count, 8) for row in decode_jobs(plain, jobs[first : first + 8], 8)]
    for row, expected in zip(decode_jobs(plain, jobs, 8), fixed, strict=True):
        assert row.ids == expected.ids
        np.testing.assert_allclose(row.logprobs, expected.logprobs, atol=1e-4)


def test_a_cache_of_sliding_windows_takes_rows_when_it_is_empty(model: Model) -> None:
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=model.num_embeddings,
        hidden_size=32,
        num_hidden_layers=2,
        intermediate_size=48,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        use_sliding_window=True,
        sliding_window=16,
    )
    config.layer_types = ["sliding_attention", "full_attention"]
    network = Qwen3ForCausalLM(config).eval()
    jobs = different_jobs(model)[:20]
    assert not continuous_states(LastPosition(network)).can_join
    found = joined(network, jobs, 0)
    assert [found[number] for number in range(20)] == [list(decode_jobs(network, [job])[0].ids) for job in jobs]


@pytest.mark.parametrize(("count", "length"), [(14, 8), pytest.param(24, 20, marks=pytest.mark.exhaustive)])
@torch.inference_mode()
def test_a_guide_that_raises_ends_its_own_rows_alone(plain: Any, count: int, length: int) -> None:
    model = load("nano", device="cpu")
    inner = model.vocabulary.automaton("protein_sequence")
    guides: list[Guide] = [Faulty(inner), inner]
    prompt = tuple(model.prompt_ids("Write."))
    bounds = Bounds(30, length)
    jobs = [
        Job(prompt, number, guides[number % 2], guides[number % 2].start(bounds), 30, Sampling())
        for number in range(count)
    ]
    alone = [
        decode_jobs(plain, [Job(prompt, number, inner, inner.start(bounds), 30, Sampling())])[0]
        for number in range(count)
    ]
    batch = ContinuousBatch(HeadTable(LastPosition(plain)))
    batch.add(list(enumerate(jobs)))
    steps = []
    while len(batch):
        steps.append(batch.step())
    failed = {number for step in steps for number in step.failed}
    assert failed == {number for number in range(0, count, 2) if alone[number].ids[0] % 2}
    assert 0 < len(failed) < count // 2
    found = written(steps)
    for number in range(count):
        assert tuple(found[number]) == (alone[number].ids[:2] if number in failed else alone[number].ids)


@torch.inference_mode()
def test_prompts_that_cannot_be_read_leave_running_rows_as_they_are(plain: Any, nano_jobs: list[Job]) -> None:
    jobs = nano_jobs[:4]
    broken = Job((10**7,), 0, jobs[0].guide, jobs[0].state, 9, Sampling())
    batch = ContinuousBatch(HeadTable(LastPosition(plain)))
    batch.add(list(enumerate(jobs)))
    steps = [batch.step()]
    batch.add([(9, broken)])
    with pytest.raises(NewcomersFailed) as caught:
        batch.step()
    assert list(caught.value.numbers) == [9]
    while len(batch):
        steps.append(batch.step())
    assert [written(steps)[number] for number in range(4)] == [list(row.ids) for row in decode_jobs(plain, jobs)]


@torch.inference_mode()
def test_rows_leave_wherever_they_are(plain: Any, nano_jobs: list[Job]) -> None:
    jobs = nano_jobs[:9]
    long = Job(tuple(range(300)), 0, jobs[0].guide, jobs[0].state, jobs[0].budget, Sampling())
    batch = ContinuousBatch(HeadTable(LastPosition(plain)), 64)
    batch.add([*enumerate(jobs), (99, long)])
    steps = [batch.step(), batch.step()]
    batch.leave({99, 0, 4})
    assert len(batch) == 7
    while len(batch):
        steps.append(batch.step())
    expected = [list(row.ids) for row in decode_jobs(plain, jobs)]
    found = written(steps)
    assert 99 not in found
    assert [found[number] for number in range(9) if number not in (0, 4)] == [
        ids for number, ids in enumerate(expected) if number not in (0, 4)
    ]
