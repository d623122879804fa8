"""Typed answers from random weights: valid, exact, repeatable, and independent of the batch they are written in."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from biomatrix.entities import Molecule, Protein
from biomatrix.entities.automaton import Bounds, Ranges, States
from biomatrix.errors import ConfigurationError, LimitError, VocabularyError, WeightsError
from biomatrix.generation import Answer, Model, TransformersEngine
from biomatrix.generation.decoding import decode_jobs
from biomatrix.generation.jobs import Job
from biomatrix.generation.sampling import Sampling
from biomatrix.vocabulary import Vocabulary

from .conftest import tiny_network

ENTITY_OUTPUTS = ("molecule_selfies", "protein_sequence", "protein_structure")
PROMPTS = ["Fold it.", ["Describe ", Molecule.from_smiles("CCO"), " briefly."], [Protein("MKVLA"), " fold"]]


class Anything:
    """A guide that allows every row and never ends."""

    def __init__(self, rows: int) -> None:
        self.ids = np.arange(rows, dtype=np.int64)
        self._all = np.array([[0, rows]])

    def start(self, bounds: Bounds) -> np.ndarray:
        return np.zeros(1, dtype=np.int64)

    def allowed(self, states: States) -> list[Ranges]:
        return [self._all] * len(states)

    def advance(self, states: States, ids: np.ndarray) -> States:
        return states

    def finished(self, states: States) -> np.ndarray:
        return np.zeros(len(states), dtype=bool)


@pytest.mark.parametrize("output", ENTITY_OUTPUTS)
def test_random_weights_write_valid_entities(model: Model, output: str) -> None:
    answers = model.generate("Make one.", output=output, num_samples=12, seed=3, max_new_tokens=60)
    for answer in answers:
        if answer.entity is None:
            assert str(answer.error).startswith("RDKit refuses")
        else:
            assert answer.error is None
            assert answer.entity.kind == model.vocabulary.modality(output).kind
        assert answer.finish_reason == "stop"
        assert answer.token_ids[0] == model.vocabulary.start_id(output)
        assert [segment.modality for segment in answer.segments] == [output]
        assert answer.logprob < 0
    assert len({answer.token_ids for answer in answers}) > 1


@pytest.mark.parametrize("output", ["molecule_selfies", "molecule_structure", "protein_sequence", "protein_structure"])
@pytest.mark.parametrize("length", [1, 5, 33])
def test_lengths_are_exact(model: Model, output: str, length: int) -> None:
    modality = model.vocabulary.modality(output)
    for answer in model.generate("Make one.", output=output, length=length, num_samples=6):
        tokens = [model.vocabulary.backend.id_to_token(id_) for id_ in answer.token_ids[1:-1]]
        assert modality.length(tokens) == length
        assert answer.finish_reason == "stop"


def test_smiles_are_written_in_pieces_of_text(model: Model) -> None:
    plain = set(model.vocabulary.plain_ids.tolist())
    for answer in model.generate("Make one.", output="molecule_smiles", num_samples=8, max_new_tokens=20):
        assert set(answer.token_ids[1:-1]) <= plain
        assert len(answer.token_ids) <= 21
        assert (answer.entity is None) == (answer.error is not None)


def test_text_answers_hold_no_padding_and_no_stray_tokens(model: Model) -> None:
    for answer in model.generate("Say something.", num_samples=8, max_new_tokens=40):
        assert max(answer.token_ids) < len(model.vocabulary)
        assert "outside any segment" not in str(answer.error)
        assert "<|im_end|>" not in answer.text


def test_same_seed_same_answers(model: Model) -> None:
    first, again, other = (
        [a.token_ids for a in model.generate("Go.", output="protein_sequence", num_samples=4, seed=s)]
        for s in (7, 7, 8)
    )
    assert first == again != other
    assert len(set(first)) == 4


def test_more_samples_begin_with_the_same_ones(model: Model) -> None:
    few = model.generate("Go.", output="protein_sequence", num_samples=2, max_new_tokens=30)
    many = model.generate("Go.", output="protein_sequence", num_samples=5, max_new_tokens=30)
    assert [a.token_ids for a in few] == [a.token_ids for a in many[:2]]


@pytest.mark.parametrize("output", [None, "molecule_selfies", "protein_structure"])
@pytest.mark.parametrize("greedy", [True, False])
def test_answers_do_not_depend_on_the_batch(model: Model, output: str | None, greedy: bool) -> None:
    settings = {"output": output, "greedy": greedy, "num_samples": 2, "max_new_tokens": 30, "top_p": 0.9}
    together = model.generate_batch(PROMPTS, **settings)  # type: ignore[arg-type]
    apart = [model.generate(prompt, **settings) for prompt in PROMPTS]  # type: ignore[arg-type]
    split = model.generate_batch(PROMPTS[::-1], max_rows=3, **settings)[::-1]  # type: ignore[arg-type]
    for a, b, c in zip(together, apart, split, strict=True):
        assert [x.token_ids for x in a] == [x.token_ids for x in b] == [x.token_ids for x in c]
        np.testing.assert_allclose([x.logprob for x in a], [x.logprob for x in b], atol=1e-3)


def test_the_cache_loop_equals_stock_greedy_generation(model: Model) -> None:
    prompts = [tuple(model.prompt_ids(prompt)) for prompt in PROMPTS]
    guide = Anything(model.num_embeddings)
    jobs = [Job(prompt, 0, guide, guide.start(Bounds(12)), 12, Sampling(greedy=True)) for prompt in prompts]
    written = decode_jobs(model.network, jobs)
    for prompt, ours in zip(prompts, written, strict=True):
        stock = model.network.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.int64),
            do_sample=False,
            max_new_tokens=12,
            eos_token_id=None,
        )
        assert stock[0, len(prompt) :].tolist() == list(ours.ids)
        with torch.no_grad():
            logits = model.network(stock[:, :-1]).logits[0, len(prompt) - 1 :].double()
        logprobs = torch.log_softmax(logits, -1).gather(1, stock[0, len(prompt) :, None])
        assert ours.logprob == pytest.approx(float(logprobs.sum()), abs=1e-3)


def test_scores_equal_the_sum_over_a_plain_forward_pass(model: Model) -> None:
    score = model.score(PROMPTS[1], [" Yes ", Protein("MK")])
    ids = [*model.prompt_ids(PROMPTS[1]), *score.token_ids]
    with torch.no_grad():
        logits = model.network(torch.tensor([ids])).logits[0].double()
    logits[:, len(model.vocabulary) :] = -math.inf
    logprobs = torch.log_softmax(logits, -1)[range(len(ids) - 1), ids[1:]][-len(score.token_ids) :]
    assert score.logprob == pytest.approx(float(logprobs.sum()), abs=1e-3)
    assert len(score.token_logprobs) == len(score.token_ids)
    assert score.perplexity > 1


def test_chat_marks_in_a_prompt_stay_text(model: Model) -> None:
    honest, tricky = (model.prompt_ids(text) for text in ("hello", "<|im_end|>"))
    turn_end = model.vocabulary.backend.token_to_id("<|im_end|>")
    assert honest.count(turn_end) == tricky.count(turn_end) == 1


def test_raw_prompts_have_no_turns(model: Model) -> None:
    assert model.prompt_ids("abc", raw=True) == model.vocabulary.encode("abc")
    (answer,) = model.generate("", output="protein_sequence", length=4, raw=True)
    assert isinstance(answer.entity, Protein)
    assert len(answer.entity) == 4


def test_bad_requests_are_named(model: Model) -> None:
    with pytest.raises(LimitError, match=r"at most 256 together.*shorten"):
        model.generate("word " * 400)
    with pytest.raises(LimitError, match="length 5,000"):
        model.generate("Go.", output="protein_sequence", length=5000)
    with pytest.raises(LimitError, match="max_new_tokens 1,000"):
        model.generate("Go.", max_new_tokens=1000)
    with pytest.raises(ConfigurationError, match="empty"):
        model.generate("  ")
    with pytest.raises(ConfigurationError, match="needs an output modality"):
        model.generate("Go.", length=3)
    with pytest.raises(ConfigurationError, match="num_samples"):
        model.generate("Go.", num_samples=0)
    with pytest.raises(VocabularyError, match="does not hold 'dna'"):
        model.generate("Go.", output="dna")
    with pytest.raises(ConfigurationError, match="record 2"):
        model.generate_batch(["a", "b"], output="protein_sequence", lengths=[3, 0])


def test_weights_of_another_vocabulary_are_refused(vocabulary: Vocabulary) -> None:
    small = tiny_network(vocabulary)
    small.resize_token_embeddings(64, mean_resizing=False)
    with pytest.raises(WeightsError, match="too few"):
        TransformersEngine(small, vocabulary)


def test_checks_run_on_demand(model: Model) -> None:
    (answer,) = model.generate("Go.", output="molecule_selfies", max_new_tokens=30)
    assert isinstance(answer, Answer)
    assert all(check.name for check in answer.checks)


def test_greedy_takes_no_notice_of_the_seed(model: Model) -> None:
    first = model.generate("Go.", output="protein_sequence", greedy=True, seed=0, max_new_tokens=40)
    second = model.generate("Go.", output="protein_sequence", greedy=True, seed=1, max_new_tokens=40)
    assert first[0].token_ids == second[0].token_ids
