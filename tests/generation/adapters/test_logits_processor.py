"""Stock ``generate`` with the processor: the answers of our own loop, and nothing outside the language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from biomatrix.errors import ConfigurationError
from biomatrix.generation import Model, Request, Sampling
from biomatrix.generation.adapters.logits_processor import ConstraintLogitsProcessor, constrained_inputs
from biomatrix.generation.planning import Planner
from biomatrix.generation.text_automaton import TextAutomaton

from .walks import ends_well


def answers(model: Model, requests: Request | Sequence[Request], **arguments: Any) -> list[tuple[int, ...]]:
    processor, inputs = constrained_inputs(model.vocabulary, requests, model.context_length)
    sequences = model.network.generate(**inputs, logits_processor=[processor], **arguments)
    assert not np.isin(sequences[:, inputs["input_ids"].shape[1] :].numpy(), padding(model)).any()
    return processor.answers(sequences)


def padding(model: Model) -> np.ndarray[Any, np.dtype[np.int64]]:
    return model.vocabulary.padding_ids(model.num_embeddings)


def inside(model: Model, request: Request, ids: tuple[int, ...]) -> bool:
    planner = Planner(model.vocabulary, TextAutomaton.from_vocabulary(model.vocabulary), model.context_length)
    plan = planner.plan(request)
    job, opening = plan.jobs[0], plan.opening
    assert ids[: len(opening)] == opening
    return ends_well(job.guide, job.state, ids[len(opening) :])


def test_greedy_answers_are_those_of_our_own_loop(
    nano: Model, requests: list[Request], greedy_ids: list[tuple[int, ...]]
) -> None:
    assert answers(nano, requests) == greedy_ids
    for request, expected in zip(requests, greedy_ids, strict=True):
        assert answers(nano, request) == [expected]


@pytest.mark.parametrize("num_beams", [1, 3])
def test_what_is_drawn_stays_inside_the_language(nano: Model, requests: list[Request], num_beams: int) -> None:
    torch.manual_seed(0)
    drawn = [
        replace(one, sampling=Sampling(1.5), num_samples=2)
        for one in requests
        if one.output is not None or one.constraints
    ]
    found = answers(nano, drawn, num_beams=num_beams)
    assert len(found) == 2 * len(drawn)
    for number, ids in enumerate(found):
        assert inside(nano, drawn[number // 2], ids)


def test_beams_that_move_keep_to_their_guides_and_find_likelier_answers(nano: Model, requests: list[Request]) -> None:
    found = answers(nano, requests, num_beams=3)
    for request, ids in zip(requests, found, strict=True):
        assert request.output is None or inside(nano, request, ids)
    one = requests[4]
    beams = answers(nano, one, num_beams=3, num_return_sequences=3)
    assert len(set(beams)) == 3
    assert all(inside(nano, one, ids) for ids in beams)


def test_a_row_is_found_again_wherever_it_moves(model: Model) -> None:
    """Rows of one request in any order, repeated, continued from any prefix: the mask is a function of their ids."""
    request = Request("Make one.", "protein_sequence", 5)
    processor, inputs = constrained_inputs(model.vocabulary, [request], model.context_length)
    prompt = inputs["input_ids"]
    residues = sorted(model.vocabulary.segment_ids("protein_sequence").tokens.values())
    end = model.vocabulary.end_id("protein_sequence")
    scores = torch.zeros(1, model.num_embeddings)
    wholes = [[*residues[at : at + 5], end, inputs["pad_token_id"]] for at in (0, 3, 7, 11)]
    torch.manual_seed(0)
    for _ in range(60):
        whole, cut = wholes[int(torch.randint(4, ()))], int(torch.randint(7, ()))
        rows = torch.cat([prompt, torch.tensor([whole[:cut]], dtype=torch.int64)], dim=1)
        free = torch.isfinite(processor(rows, scores))[0].nonzero()[:, 0].tolist()
        expected = residues if cut < 5 else [end] if cut == 5 else sorted(model.vocabulary.ending_ids)
        assert free == expected


def test_ids_that_were_not_allowed_lead_to_the_end(model: Model) -> None:
    processor, inputs = constrained_inputs(
        model.vocabulary, Request("Make one.", "protein_sequence", 5), model.context_length
    )
    astray = torch.cat([inputs["input_ids"], torch.tensor([[0, 0]])], dim=1)
    free = torch.isfinite(processor(astray, torch.zeros(1, model.num_embeddings)))[0].nonzero()[:, 0].tolist()
    assert free == sorted(model.vocabulary.ending_ids)
    assert processor.answers(astray) == [(model.vocabulary.start_id("protein_sequence"),)]


def test_what_generate_cannot_do_is_refused(model: Model) -> None:
    one = Request("Make one.", "protein_sequence", 5)
    for other in (replace(one, sampling=Sampling(0.5)), replace(one, num_samples=2)):
        with pytest.raises(ConfigurationError, match=r"record 2.*batches of one kind"):
            constrained_inputs(model.vocabulary, [one, other], model.context_length)
    with pytest.raises(ConfigurationError, match="do not differ"):
        constrained_inputs(
            model.vocabulary, replace(one, sampling=Sampling(greedy=True), num_samples=2), model.context_length
        )
    with pytest.raises(ConfigurationError, match="no request"):
        constrained_inputs(model.vocabulary, [], model.context_length)
    with pytest.raises(ConfigurationError, match="at least one id"):
        ConstraintLogitsProcessor([], 0, [])
