"""One batch of requests that differ in everything: each is answered as it would be alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from biomatrix.entities import Molecule, Protein
from biomatrix.entities.automaton import Automaton
from biomatrix.errors import ConfigurationError, LimitError, UnsupportedError
from biomatrix.generation import Answer, Model, Request, Sampling

FOLD = ["Fold ", Protein("MKVLAAGW"), "."]
DESCRIBE = ["Describe ", (Molecule.from_smiles("CCO"), "molecule_smiles")]


def without(model: Model, *tokens: str) -> Callable[[Automaton], Automaton]:
    """Return a constraint: a protein sequence without some residues."""
    ids = model.vocabulary.segment_ids("protein_sequence")
    kept = {token: id_ for token, id_ in ids.tokens.items() if token not in tokens}
    narrower = model.vocabulary.modality("protein_sequence").automaton(replace(ids, tokens=kept))
    return lambda _: narrower


@pytest.fixture(scope="module")
def requests(model: Model) -> list[Request]:
    """Requests of every output, several lengths and samplings, with a constraint, raw and with a system turn."""
    return [
        Request(FOLD, "protein_structure", 8, sampling=Sampling(seed=1), num_samples=3),
        Request(FOLD, "protein_structure", 5, sampling=Sampling(0.7, 0.8, seed=1)),
        Request("Make one.", "molecule_selfies", max_new_tokens=30, sampling=Sampling(seed=4), num_samples=2),
        Request("Make one.", "molecule_smiles", max_new_tokens=20, sampling=Sampling(greedy=True), num_samples=2),
        Request("Make one.", "molecule_structure", 6, sampling=Sampling(1.3, seed=2)),
        Request(DESCRIBE, max_new_tokens=25, sampling=Sampling(0.9, 0.95, seed=3), num_samples=2),
        Request("Say it.", max_new_tokens=9, sampling=Sampling(temperature=0.0), system="Be brief."),
        Request("", "protein_sequence", 12, raw=True),
        Request("Write.", "protein_sequence", 12, (without(model, "<A W>", "<A C>"),), num_samples=4),
    ]


def ids_of(groups: list[list[Answer]]) -> list[list[tuple[int, ...]]]:
    return [[answer.token_ids for answer in group] for group in groups]


@pytest.mark.parametrize("max_rows", [None, 4, 1])
def test_an_answer_does_not_depend_on_what_it_is_batched_with(
    model: Model, requests: list[Request], max_rows: int | None
) -> None:
    alone = [model.engine.generate([request])[0] for request in requests]
    order = list(range(len(requests)))
    random.Random(0).shuffle(order)
    mixed = model.engine.generate([requests[i] for i in order], max_rows=max_rows)
    expected = [alone[i] for i in order]
    assert ids_of(mixed) == ids_of(expected)
    assert [len(group) for group in mixed] == [requests[i].num_samples for i in order]
    for ours, theirs in zip(mixed, expected, strict=True):
        np.testing.assert_allclose([a.logprob for a in ours], [a.logprob for a in theirs], atol=1e-3)
        assert [a.finish_reason for a in ours] == [a.finish_reason for a in theirs]


def test_each_request_of_a_batch_has_its_own_output_and_length(model: Model, requests: list[Request]) -> None:
    for request, group in zip(requests, model.engine.generate(requests), strict=True):
        for answer in group:
            if request.output is None:
                continue
            (segment,) = answer.segments
            assert segment.modality == request.output
            if request.length is not None:
                modality = model.vocabulary.modality(request.output)
                names = [model.vocabulary.backend.id_to_token(id_) for id_ in answer.token_ids[1:-1]]
                assert modality.length(names) == request.length


def test_constraints_narrow_what_may_come(model: Model) -> None:
    residues = [token for token in model.vocabulary.segment_ids("protein_sequence").tokens if token != "<A G>"]
    asked = {"output": "protein_sequence", "length": 9}
    (free,) = model.generate("Write.", output="protein_sequence", length=9)
    (bound,) = model.generate("Write.", constraints=[without(model, *residues)], **asked)  # type: ignore[arg-type]
    assert isinstance(bound.entity, Protein)
    assert bound.entity.sequence == "G" * 9
    assert free.token_ids != bound.token_ids
    assert bound.logprob == pytest.approx(0.0)
    with pytest.raises(ConfigurationError, match="name an output"):
        model.generate("Write.", constraints=[lambda automaton: automaton])


def test_the_request_at_fault_is_named(model: Model) -> None:
    requests = [Request("Go."), Request("Go.", "protein_sequence", 5000), Request("Go.")]
    with pytest.raises(LimitError, match="record 2"):
        model.engine.generate(requests)


class Parrot:
    """An engine without a network: it answers with nothing."""

    def __init__(self, model: Model) -> None:
        self.vocabulary = model.vocabulary
        self.context_length = 64

    def generate(self, requests: list[Request], *, max_rows: int | None = None) -> list[list[Answer]]:
        answer = Answer((), None, None, "", 0.0, (), "stop", self.vocabulary)
        return [[answer] * request.num_samples for request in requests]


def test_any_engine_serves(model: Model) -> None:
    served = Model(Parrot(model), "parrot")  # type: ignore[arg-type]
    assert len(served.generate("Go.", num_samples=3)) == 3
    assert served.context_length == 64
    assert "Parrot" in repr(served)
    with pytest.raises(UnsupportedError, match="no network here"):
        _ = served.num_parameters
