"""Beams find the likeliest answers: all of them where there are enough beams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from biomatrix.entities.automaton import Automaton, Bounds, States
from biomatrix.generation import Model, Sampling
from biomatrix.generation.beam import _Search, beam_search, in_place
from biomatrix.generation.decoding import decode_jobs
from biomatrix.generation.jobs import Job, Written

from .reference import allowed_ids, logprobs_of


def small_automaton(model: Model, residues: str = "GAV") -> Automaton:
    ids = model.vocabulary.segment_ids("protein_sequence")
    kept = {token: id_ for token, id_ in ids.tokens.items() if token[3:4] in residues}
    return model.vocabulary.modality("protein_sequence").automaton(replace(ids, tokens=kept))


def job_of(model: Model, guide: Any, bounds: Bounds) -> Job:
    return Job(tuple(model.prompt_ids("Write.")), 0, guide, guide.start(bounds), bounds.budget, Sampling(greedy=True))


def everything(model: Model, job: Job) -> Iterator[Written]:
    """Yield all that a job could write, the whole document read anew for each token."""

    def grow(ids: tuple[int, ...], logprobs: tuple[float, ...], states: States) -> Iterator[Written]:
        if job.guide.finished(states)[0]:
            yield Written(ids, logprobs, True)
            return
        allowed = allowed_ids(job.guide, states)
        for id_, logprob in zip(allowed, logprobs_of(model.network, (*job.prompt, *ids), allowed), strict=True):
            following = job.guide.advance(states, np.array([id_]))
            yield from grow((*ids, int(id_)), (*logprobs, float(logprob)), following)

    yield from grow((), (), job.state[None])


@pytest.mark.parametrize("penalty", [1.0, 0.0, 2.0, -1.0])
@pytest.mark.parametrize("count", [1, 5, 39])
def test_enough_beams_find_the_likeliest_answers(model: Model, penalty: float, count: int) -> None:
    job = job_of(model, small_automaton(model), Bounds(4))
    every = list(everything(model, job))
    assert len(every) == 3 + 9 + 27
    every.sort(key=lambda each: -each.logprob / len(each.ids) ** penalty)
    found = beam_search(model.network, job, 40, count, penalty)
    assert [each.ids for each in found] == [each.ids for each in every[:count]]
    for one, other in zip(found, every, strict=False):
        assert one.complete
        np.testing.assert_allclose(one.logprobs, other.logprobs, atol=1e-5)


def test_one_beam_is_greedy(model: Model) -> None:
    for name in ("protein_sequence", "molecule_selfies", "molecule_smiles"):
        job = job_of(model, model.vocabulary.automaton(name), Bounds(20))
        (greedy,) = decode_jobs(model.network, [job])
        (found,) = beam_search(model.network, job, 1, 1)
        assert found.ids == greedy.ids
        np.testing.assert_allclose(found.logprobs, greedy.logprobs, atol=1e-5)


@pytest.mark.parametrize("beams", [2, 5, 16])
def test_answers_are_distinct_sorted_and_scored(model: Model, beams: int) -> None:
    job = job_of(model, model.vocabulary.automaton("molecule_selfies"), Bounds(12))
    found = beam_search(model.network, job, beams, beams)
    assert len({each.ids for each in found}) == len(found) == beams
    means = [each.logprob / len(each.ids) for each in found]
    assert means == sorted(means, reverse=True)
    for each in found[:3]:
        states = job.state[None]
        for place, id_ in enumerate(each.ids):
            allowed = allowed_ids(job.guide, states)
            expected = logprobs_of(model.network, (*job.prompt, *each.ids[:place]), allowed)[allowed == id_]
            assert each.logprobs[place] == pytest.approx(float(expected[0]), abs=1e-5)
            states = job.guide.advance(states, np.array([id_]))
        assert job.guide.finished(states)[0]


@pytest.mark.parametrize("penalty", [1.0, 0.0, -0.5])
def test_stopping_early_changes_nothing(model: Model, monkeypatch: pytest.MonkeyPatch, penalty: float) -> None:
    job = job_of(model, model.vocabulary.automaton("molecule_selfies"), Bounds(15))
    early = beam_search(model.network, job, 4, 3, penalty)
    monkeypatch.setattr(_Search, "_is_decided", lambda *_: False)
    late = beam_search(model.network, job, 4, 3, penalty)
    assert [each.ids for each in early] == [each.ids for each in late]


def test_an_exact_length_is_kept_and_rows_may_be_few(model: Model) -> None:
    job = job_of(model, model.vocabulary.automaton("protein_sequence"), Bounds(9, 8))
    found = beam_search(model.network, job, 6, 6)
    assert all(len(each.ids) == 9 and each.complete for each in found)
    few = beam_search(model.network, job, 6, 6, max_rows=2)
    assert [each.ids for each in few] == [each.ids for each in found]


def test_what_the_budget_cuts_comes_last(model: Model) -> None:
    class Endless:
        ids = np.arange(5, 20)

        def allowed(self, states: States) -> list[Any]:
            return [np.array([[5, 20]])] * len(states)

        def advance(self, states: States, ids: Any) -> States:
            return ids[:, None]

        def finished(self, states: States) -> Any:
            return states[:, 0] == 7

        def start(self, bounds: Bounds) -> Any:
            return np.zeros(1, dtype=np.int64)

    found = beam_search(model.network, job_of(model, Endless(), Bounds(4)), 20, 20)
    complete = [each.complete for each in found]
    assert len(found) == 20
    assert complete == sorted(complete, reverse=True)
    assert all(len(each.ids) == 4 for each in found if not each.complete)


def test_children_take_their_parents_places() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        parents = random.integers(0, 12, size=int(random.integers(1, 12)))
        order = in_place(parents)
        assert sorted(order) == list(range(len(parents)))
        placed = parents[order]
        moved = np.flatnonzero(placed != np.arange(len(placed)))
        assert not np.isin(placed[moved], moved).any()
