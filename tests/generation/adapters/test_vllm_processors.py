"""Both logits processors of vLLM, driven as vLLM drives them: the answers are those of our own loop."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from biomatrix.entities.automaton import Automaton
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, UnsupportedError
from biomatrix.generation import Model, Request
from biomatrix.generation.adapters.guide_descriptions import Courses, describe, parsed
from biomatrix.generation.adapters.vllm_base import class_over
from biomatrix.generation.adapters.vllm_rows import ARGUMENT, processor_name
from biomatrix.generation.answer_ends import stop_ids
from biomatrix.generation.loading import SHIPPED
from biomatrix.generation.planning import Planner
from biomatrix.generation.text_automaton import TextAutomaton

from .vllm_standin import HOMES, Parameters, RunnerV1, RunnerV2, Running, installed, loaded

CONFIG = SimpleNamespace(model_config=SimpleNamespace(model=str(SHIPPED / "nano"), tokenizer=str(SHIPPED / "nano")))


@pytest.fixture(scope="module", autouse=True)
def _vllm() -> Iterator[None]:
    with installed(*HOMES):
        yield


def running(model: Model, requests: Sequence[Request]) -> tuple[list[Running], list[tuple[int, ...]]]:
    """Return the requests as vLLM gets them, and the openings of their answers."""
    planner = Planner(model.vocabulary, TextAutomaton.from_vocabulary(model.vocabulary), model.context_length)
    found, openings = [], []
    for request in requests:
        plan = planner.plan(request)
        job = plan.jobs[0]
        parameters = Parameters({ARGUMENT: describe(request, job.budget), "other": 1})
        found.append(Running(list(job.prompt), parameters, frozenset(stop_ids(model.vocabulary, job)), job.budget))
        openings.append(plan.opening)
    return found, openings


def free(model: Model, prompt: str) -> Running:
    """Return a request that asks for nothing, and its answer when left alone."""
    return Running(model.prompt_ids(prompt), Parameters(None), frozenset(), 12)


def logits_of(model: Model) -> Any:
    @torch.inference_mode()
    def logits(document: Sequence[int]) -> Tensor:
        every: Tensor = model.network(torch.tensor([list(document)])).logits[0]
        return every.float().clone()

    return logits


def unguided(model: Model, prompt: Sequence[int], number: int) -> list[int]:
    ids = list(prompt)
    for _ in range(number):
        ids.append(int(logits_of(model)(ids)[-1].argmax()))
    return ids[len(prompt) :]


@pytest.mark.parametrize("seed", range(2))
def test_rows_that_come_go_and_move_are_each_answered_as_alone(
    nano: Model, requests: list[Request], greedy_ids: list[tuple[int, ...]], seed: int
) -> None:
    processor = loaded(processor_name("v1"))(CONFIG, torch.device("cpu"), False)
    assert isinstance(processor, HOMES["vllm.v1.sample.logits_processor"])
    assert not processor.is_argmax_invariant()
    batch, openings = running(nano, requests)
    bystander = free(nano, "Say anything.")
    runner = RunnerV1(processor, logits_of(nano), most_rows=4, seed=seed)
    runner.run([batch[0], bystander, *batch[1:]])
    answers = [(*opening, *one.written) for opening, one in zip(openings, batch, strict=True)]
    assert answers == greedy_ids
    assert bystander.written == unguided(nano, bystander.prompt, 12)
    assert runner.kinds_of_change == {"removed", "added", "moved", "UNIDIRECTIONAL", "SWAP"}


@pytest.mark.parametrize("most_drafts", [0, 3])
def test_slots_that_are_used_again_and_drafted_rows_are_answered_as_alone(
    nano: Model, requests: list[Request], greedy_ids: list[tuple[int, ...]], most_drafts: int
) -> None:
    cls = loaded(processor_name("v2"))
    assert issubclass(cls, HOMES["vllm.v1.worker.gpu.sample.logits_processor.interface"])
    batch, openings = running(nano, requests)
    bystander = free(nano, "Say anything.")
    runner = RunnerV2(lambda state: cls(CONFIG, state), logits_of(nano), 3, nano.num_embeddings, 0, most_drafts)
    runner.run([batch[0], bystander, *batch[1:]])
    answers = [(*opening, *one.written) for opening, one in zip(openings, batch, strict=True)]
    assert answers == greedy_ids
    assert bystander.written == unguided(nano, bystander.prompt, len(bystander.written))
    assert (runner.accepted > 20 and runner.drafted > runner.accepted) or not most_drafts


def test_a_request_that_asks_for_nothing_is_declined(nano: Model) -> None:
    processor = loaded(processor_name("v2"))(CONFIG, SimpleNamespace())
    assert not processor.add_request(0, Parameters(None))
    assert processor.add_request(0, Parameters({ARGUMENT: describe(Request("x", "protein_sequence", 4), 30)}))
    assert not processor.add_request(0, Parameters({"other": 2}))


@pytest.mark.parametrize("runner", ["v1", "v2"])
@pytest.mark.parametrize(
    "description",
    [
        3,
        "no json",
        "[]",
        "[" * 100_000,
        '{"format": 9, "budget": 4}',
        '{"format": 1}',
        '{"format": 1, "budget": true}',
        '{"format": 1, "budget": 4, "prompt": "x"}',
        '{"format": 1, "budget": 4, "constraints": 3, "output": ["a", "b"]}',
    ],
)
def test_what_is_no_description_is_refused_at_admission(runner: str, description: object) -> None:
    cls = loaded(processor_name(runner))
    with pytest.raises(ValueError, match=r"description of a guide|constraints are a list"):
        cls.validate_params(Parameters({ARGUMENT: description}))
    cls.validate_params(Parameters(None))


@pytest.mark.parametrize(
    "wishes",
    [
        {"budget": 10, "output": "nope"},
        {"budget": 1, "output": "molecule_smiles"},
        {
            "budget": 10,
            "output": "molecule_smiles",
            "constraints": [{"constraint": "atoms", "fields": {"count": ["a", 2]}}],
        },
    ],
)
def test_what_this_model_cannot_meet_ends_its_own_request_alone(nano: Model, wishes: dict[str, Any]) -> None:
    vocabulary = nano.vocabulary
    description = json.dumps({"format": 1, **wishes})
    with pytest.raises(BioMatrixError):
        Courses(vocabulary).course(description)
    processor = loaded(processor_name("v1"))(CONFIG, torch.device("cpu"), False)
    good = Parameters({ARGUMENT: describe(Request("x", "protein_sequence", 4), 30)})
    added = [(0, good, [], []), (1, Parameters({ARGUMENT: description}), [], [])]
    processor.update_state(SimpleNamespace(removed=[], added=added, moved=[]))
    logits = processor.apply(torch.zeros(2, len(vocabulary)))
    ends = torch.nonzero(logits[1] > -math.inf).ravel().tolist()
    assert ends
    assert set(ends) <= {*vocabulary.ending_ids}
    assert set(torch.nonzero(logits[0] > -math.inf).ravel().tolist()).isdisjoint(ends)


def test_a_runner_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no model runner 'v3'"):
        processor_name("v3")


def test_without_vllm_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    class Rows:
        pass

    with pytest.raises(ConfigurationError, match="other model runner"):
        class_over(Rows, "vllm.absent")
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(ConfigurationError, match=r"biomatrix\[vllm\]"):
        class_over(Rows, "vllm.absent")


def test_descriptions_make_the_same_guide_from_the_folder(nano: Model) -> None:
    courses = Courses(nano.vocabulary)
    text = describe(Request("x", "protein_sequence", 4), 30)
    assert courses.course(text) is courses.course(text)
    assert courses.course(text).guide is nano.vocabulary.automaton("protein_sequence")
    with pytest.raises(ConfigurationError, match="needs at least 5"):
        courses.course(describe(Request("x", "protein_sequence", 4), 3))
    with pytest.raises(ParseError, match="unknown here"):
        courses.course('{"format": 1, "budget": 9, "colour": 3}')
    assert parsed(text) == {"budget": 30, "output": "protein_sequence", "length": 4}


def test_a_function_does_not_travel() -> None:
    def same(automaton: Automaton) -> Automaton:
        return automaton

    with pytest.raises(UnsupportedError, match="stays in this process"):
        describe(Request("x", "protein_sequence", constraints=(same,)), 30)
