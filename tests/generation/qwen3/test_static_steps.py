"""Steps over tensors that stay in place read what a growing cache reads, whichever rows leave, however long it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from biomatrix.entities.automaton import Bounds
from biomatrix.generation import decoding, load
from biomatrix.generation.decoding import decode_jobs
from biomatrix.generation.heads import LastPosition
from biomatrix.generation.jobs import Job
from biomatrix.generation.qwen3 import static_steps
from biomatrix.generation.row_states import GrowingRows, StaticRows
from biomatrix.generation.sampling import Sampling

PROMPTS = [(5, 6, 7, 8, 9), (11, 12), (3, 1, 4)]


@pytest.fixture(scope="module")
def network() -> Any:
    engine: Any = load("nano", device="cpu", dtype="float32").engine
    return engine._network


@torch.inference_mode()
def test_hidden_states_are_those_of_a_growing_cache(network: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static_steps, "_ROOM", 8)
    last = LastPosition(network)
    random = np.random.default_rng(0)
    for _ in range(2):  # the second batch uses what the first has left
        prompts = PROMPTS * 3
        grown, static = GrowingRows(last, prompts), StaticRows(last, prompts)
        torch.testing.assert_close(static.hidden, grown.hidden)
        ids = random.integers(0, 4000, len(prompts))
        for step in range(24):
            for rows in (grown, static):
                rows.begin(ids)
            kept = random.random(len(ids)) > (0.1 if step < 20 else 0.0)
            kept[0] = True
            order = static.order(kept)
            assert order.tolist() == np.flatnonzero(kept).tolist()
            for rows in (grown, static):
                rows.keep(order)
            hidden = static.read()
            torch.testing.assert_close(hidden, grown.read(), rtol=1e-4, atol=1e-4)
            ids = random.integers(0, 4000, len(order))
        static.close()
    assert len(network.spare_steps) == 1


def test_answers_are_those_of_a_growing_cache(network: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    vocabulary: Any = load("nano", device="cpu").vocabulary
    guides = [vocabulary.automaton("molecule_selfies"), vocabulary.automaton("protein_sequence")]
    bound = Bounds(40)
    samplings = [Sampling(seed=3), Sampling(greedy=True), Sampling(temperature=0.5, seed=3)]
    jobs = [
        Job(PROMPTS[row % 3], row, guides[row % 2], guides[row % 2].start(bound), bound.budget, samplings[row % 3])
        for row in range(18)
    ]
    expected = decode_jobs(network, jobs)
    monkeypatch.setattr(decoding, "row_states", StaticRows)
    found = decode_jobs(network, jobs)
    assert [row.ids for row in found] == [row.ids for row in expected]
    assert len({len(row.ids) for row in found}) > 2  # rows leave one after another


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_greedy_answers_of_a_gpu_are_those_of_the_processor() -> None:
    found = []
    for device in ("cpu", "cuda"):
        model = load("nano", device=device, dtype="float32")
        answers = model.generate_batch(["Make a molecule.", "Make one in 3D."], "molecule_structure", greedy=True)
        found.append([answer.token_ids for group in answers for answer in group])
    assert found[0] == found[1]
