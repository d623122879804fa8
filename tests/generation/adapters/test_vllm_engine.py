"""The vLLM engine, over a stand-in with vLLM's interface and nano's logits: the answers are those of our own loop."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.generation import Model, Request, Sampling
from biomatrix.generation.events import Finished, SegmentToken
from biomatrix.generation.vllm_engine import VllmEngine, model_runner

from . import vllm_llm
from .vllm_standin import HOMES, installed


@pytest.fixture(scope="module")
def engine() -> Iterator[VllmEngine]:
    with installed(*HOMES):
        sys.modules["vllm"].LLM = vllm_llm.LLM  # type: ignore[attr-defined]
        sys.modules["vllm"].SamplingParams = vllm_llm.SamplingParams  # type: ignore[attr-defined]
        yield VllmEngine.from_pretrained("nano", runner="v1", dtype="float32")


def test_greedy_answers_are_those_of_our_own_loop(
    engine: VllmEngine, nano: Model, requests: list[Request], greedy_ids: list[tuple[int, ...]]
) -> None:
    assert engine.context_length == nano.context_length
    groups = engine.generate(requests)
    assert [group[0].token_ids for group in groups] == greedy_ids
    ours = nano.engine.generate(requests)
    for (found,), (expected,) in zip(groups, ours, strict=True):
        if found.segments[-1].modality == "molecule_smiles":  # ours are among all pieces, vLLM's among those allowed
            assert found.logprob >= expected.logprob - 1e-2
        else:
            assert found.logprob == pytest.approx(expected.logprob, abs=1e-2)
        assert found.finish_reason == expected.finish_reason


def test_samples_have_seeds_of_their_own_and_keep_the_length(engine: VllmEngine) -> None:
    request = Request("Write.", "protein_sequence", 8, sampling=Sampling(seed=3), num_samples=3)
    (group,) = engine.generate([request])
    assert len({answer.token_ids for answer in group}) == 3
    assert all(len(answer.entity) == 8 for answer in group)  # type: ignore[arg-type]
    other = Request("Make one.", "molecule_selfies", max_new_tokens=12)
    again = engine.generate([other, replace(request, num_samples=2)])[1]
    assert [one.token_ids for one in again] == [one.token_ids for one in group[:2]]
    assert engine.generate([replace(request, sampling=Sampling(seed=4))])[0][0].token_ids != group[0].token_ids


def test_a_stream_writes_what_generate_writes(engine: VllmEngine, requests: list[Request]) -> None:
    request = replace(requests[4], sampling=Sampling(seed=1), num_samples=2)
    events = list(engine.stream(request))
    finished = {event.sample: event.answer for event in events if isinstance(event, Finished)}
    expected = engine.generate([request])[0]
    assert [finished[n].token_ids for n in range(2)] == [answer.token_ids for answer in expected]
    assert sum(isinstance(event, SegmentToken) for event in events) == 30


def test_a_stream_that_is_left_is_aborted(engine: VllmEngine, requests: list[Request]) -> None:
    inside = engine._writer._llm.llm_engine  # type: ignore[attr-defined]
    events = engine.stream(requests[4])
    next(events)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert inside.aborted
    assert not inside.requests


def test_scores_are_those_of_the_prompt(engine: VllmEngine, nano: Model) -> None:
    request = Request("Write a protein.")
    found, expected = engine.score(request, "MKV is one."), nano.engine.score(request, "MKV is one.")
    assert found.token_ids == expected.token_ids
    assert found.token_logprobs == pytest.approx(expected.token_logprobs, abs=1e-3)
    assert not any(map(math.isnan, found.token_logprobs))


def test_what_vllm_cannot_do_is_refused(engine: VllmEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsupportedError, match="no beams"):
        engine.generate([Request("x", "protein_sequence", 4, beams=2)])
    with pytest.raises(UnsupportedError, match="stays in this process"):
        engine.generate([Request("x", "protein_sequence", 4, constraints=(lambda automaton: automaton,))])
    assert model_runner() == "v2"
    monkeypatch.setenv("VLLM_USE_V2_MODEL_RUNNER", "0")
    assert model_runner() == "v1"
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(ConfigurationError, match=r"biomatrix\[vllm\]"):
        VllmEngine.from_pretrained("nano")
