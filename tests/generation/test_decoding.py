"""Rows of different guides share heads, masks and draws, and write what they would write alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle, islice
from typing import Any

import numpy as np
import pytest

from biomatrix.entities.automaton import Automaton, Bounds, Ranges, States
from biomatrix.generation import Model, Sampling, load
from biomatrix.generation.decoding import decode_jobs, stream_jobs
from biomatrix.generation.grouping import HeadTable
from biomatrix.generation.heads import Head, LastPosition
from biomatrix.generation.jobs import Guide, Job
from biomatrix.generation.sampling import Draws, random_stream
from biomatrix.generation.text_automaton import TextAutomaton

from .reference import written


class Fixed:
    """An automaton of exact length of which one token is fixed; a state is the tokens written, then the inner state."""

    def __init__(self, inner: Automaton, place: int, id_: int) -> None:
        self.ids = inner.ids.copy()
        self._inner, self._place = inner, place
        self._id = id_

    def start(self, bounds: Bounds) -> Any:
        return np.concatenate([[0], self._inner.start(bounds)])

    def allowed(self, states: States) -> list[Ranges]:
        inner = self._inner.allowed(states[:, 1:])
        only = np.array([[self._id, self._id + 1]])
        return [only if place == self._place else each for place, each in zip(states[:, 0], inner, strict=True)]

    def advance(self, states: States, ids: Any) -> States:
        return np.concatenate([states[:, :1] + 1, self._inner.advance(states[:, 1:], ids)], axis=1)

    def finished(self, states: States) -> Any:
        return self._inner.finished(states[:, 1:])


def narrowed(model: Model, residues: str) -> Automaton:
    """Return the automaton of a protein sequence of some residues alone: candidates of its own."""
    ids = model.vocabulary.segment_ids("protein_sequence")
    kept = {token: id_ for token, id_ in ids.tokens.items() if token[3:4] in residues}
    return model.vocabulary.modality("protein_sequence").automaton(replace(ids, tokens=kept))


def different_jobs(model: Model) -> list[Job]:
    """Return 64 jobs under 64 different guides: fixed residues and codes, fewer residues, every modality, text."""
    vocabulary = model.vocabulary
    sequence, structure = vocabulary.automaton("protein_sequence"), vocabulary.automaton("protein_structure")
    residues = list(vocabulary.segment_ids("protein_sequence").tokens.values())
    codes = list(vocabulary.segment_ids("protein_structure").tokens.values())
    fixed: list[tuple[Guide, Bounds]] = []
    for place in range(22):
        fixed.append((Fixed(sequence, place % 8, residues[place % 20]), Bounds(40, 8 + place % 3)))
        fixed.append((Fixed(structure, place % 8, codes[place]), Bounds(40, 8 + place % 5)))
    letters = "ACDEFGHIKLMNPQ"
    fewer = [(narrowed(model, letters[: 2 + number]), Bounds(14)) for number in range(14)]
    plain = [(vocabulary.automaton(name), Bounds(18)) for name in vocabulary.modalities]
    text = (TextAutomaton.from_vocabulary(vocabulary), Bounds(15))
    guides = [*fixed, *fewer, *plain, text]
    assert len(guides) == 64
    prompts = [tuple(model.prompt_ids(words)) for words in ("Write.", "Make a longer one.", "Fold it, please, now.")]
    samplings = islice(cycle([Sampling(seed=3), Sampling(greedy=True), Sampling(0.7, seed=5)]), 64)
    return [
        Job(prompts[number % 3], number % 2, guide, guide.start(bounds), bounds.budget, sampling)
        for number, ((guide, bounds), sampling) in enumerate(zip(guides, samplings, strict=True))
    ]


@pytest.fixture(scope="module")
def jobs(model: Model) -> list[Job]:
    return different_jobs(model)


@pytest.fixture(scope="module")
def rows(model: Model, jobs: list[Job]) -> list[Any]:
    """What the jobs write together."""
    return list(decode_jobs(model.network, jobs))


def test_each_row_writes_what_one_row_read_anew_would(model: Model, jobs: list[Job], rows: list[Any]) -> None:
    for job, row in zip(jobs, rows, strict=True):
        ids, logprobs = written(model.network, job)
        assert list(row.ids) == ids
        np.testing.assert_allclose(row.logprobs, logprobs, atol=1e-4)


@pytest.mark.parametrize("max_rows", [1, 7, 64])
def test_rows_do_not_depend_on_the_batch(model: Model, jobs: list[Job], rows: list[Any], max_rows: int) -> None:
    expected = [row.ids for row in rows]
    order = np.random.default_rng(max_rows).permutation(len(jobs))
    shuffled = decode_jobs(model.network, [jobs[number] for number in order], max_rows)
    assert [row.ids for row in shuffled] == [expected[number] for number in order]


def test_a_stream_is_what_is_written(model: Model, jobs: list[Job]) -> None:
    found: dict[int, list[int]] = {}
    for token in stream_jobs(model.network, jobs[:20]):
        found.setdefault(token.job, []).append(token.id)
    assert [tuple(found[number]) for number in range(20)] == [row.ids for row in decode_jobs(model.network, jobs[:20])]


def test_guides_of_the_same_candidates_share_a_head(model: Model, jobs: list[Job]) -> None:
    heads = HeadTable(LastPosition(model.network))
    grouped = heads.group([job.guide for job in jobs])
    assert sum(len(guides) for _, guides in grouped) == 64
    assert len(grouped) <= 3
    for head, guides in grouped:
        for guide in guides:
            assert np.isin(guide.ids, head.ids).all()
    assert [head for head, _ in heads.group([job.guide for job in jobs])] == [head for head, _ in grouped]


def test_rows_without_a_choice_ask_no_head(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = narrowed(model, "G")
    job = Job(tuple(model.prompt_ids("Write.")), 0, guide, guide.start(Bounds(9, 8)), 9, Sampling())

    def asked(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(Head, "logits", asked)
    (row,) = decode_jobs(model.network, [job])
    assert len(row.ids) == 9
    assert row.logprob == 0.0


def test_draws_are_those_of_the_stream_one_by_one() -> None:
    draws = Draws([random_stream(1, (1, 2), 0), None, random_stream(1, (1, 2), 1)])
    streams = [random_stream(1, (1, 2), number) for number in range(2)]
    for step in range(150):
        expected = [streams[0].random(), streams[1].random()]
        found = draws.next()
        assert found[[0, -1]].tolist() == expected
        if step == 70:
            draws.keep(np.array([0, 2]))


def test_masks_hold_no_id_outside_the_modality_and_no_padding_row() -> None:
    vocabulary = load("nano", device="cpu").vocabulary
    random = np.random.default_rng(7)
    rows = vocabulary.mask(len(vocabulary) + 64)
    last = LastPosition(load("nano", device="cpu").engine._network)  # type: ignore[attr-defined]
    for name in vocabulary.modalities:
        guide, ids = vocabulary.automaton(name), vocabulary.segment_ids(name)
        inside = np.zeros(len(rows), dtype=bool)
        inside[[*ids.tokens.values(), *ids.plain_ids.tolist(), ids.end_id]] = True
        head = Head(last, guide.ids)
        states = np.stack([guide.start(Bounds(20 + row)) for row in range(16)])
        for _ in range(30):
            allowed = head.masks.allowed(guide.allowed(states))
            span = np.arange(allowed.first, allowed.stop)
            forbidden = np.zeros((16, len(span)), dtype=bool)
            if allowed.forced is not None:
                forbidden = span != allowed.forced[:, None]
            elif allowed.masks is not None:
                forbidden = allowed.masks.piece(0, 16).expand(16, -1).numpy()
            chosen = [head.ids[span[~row]] for row in forbidden]
            assert all(inside[each].all() for each in chosen)
            assert all(rows[each].all() for each in chosen)
            states = guide.advance(states, np.array([random.choice(each) for each in chosen]))
            ended = np.flatnonzero(guide.finished(states))
            for row in ended:
                states[row] = guide.start(Bounds(20))
