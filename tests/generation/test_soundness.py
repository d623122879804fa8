"""The best of several answers by their checks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.errors import ConfigurationError
from biomatrix.generation import Model
from biomatrix.generation.answers import Answer
from biomatrix.generation.drafts import best_answer
from biomatrix.generation.soundness import by_checks
from biomatrix.vocabulary.segments import Segment

ETHER = bm.Molecule.from_smiles("C[C@H](F)OC").embed()


def shaken(spread: float) -> bm.Molecule:
    assert ETHER.coordinates is not None
    noise = np.random.default_rng(0).normal(0, spread, ETHER.coordinates.shape)
    return ETHER.with_coordinates(ETHER.coordinates + noise)


@pytest.fixture
def answers(model: Model) -> list[Answer]:
    """Four conformers, of which the third is at a minimum and the fourth the same with less likely tokens."""
    (written,) = model.generate("Make a molecule.", output="molecule_selfies", length=3)
    made = []
    for molecule, logprob in ((shaken(0.3), -0.1), (shaken(0.2), -0.1), (ETHER, -0.2), (ETHER, -0.9)):
        segments = (Segment(molecule, "molecule_structure", 0, len(written.token_ids)),)
        logprobs = (logprob,) * len(written.token_ids)
        made.append(replace(written, entity=molecule, segments=segments, token_logprobs=logprobs))
    return made


def test_the_fewest_failed_checks_come_first_and_then_the_likeliest(answers: list[Answer]) -> None:
    best = best_answer(answers, by_checks())
    assert best.entity is ETHER
    assert best.token_logprobs == answers[2].token_logprobs
    assert best.candidates == 4
    assert best_answer(answers, None).entity is answers[0].entity  # by likelihood
    scores = [by_checks()(answer) for answer in answers]
    assert scores[0] < 0 < scores[3] < scores[2] < 1


def test_what_was_asked_for_counts_as_a_check(answers: list[Answer]) -> None:
    mirrored = bm.Molecule.from_smiles("C[C@@H](F)OC")
    assert by_checks(mirrored)(answers[2]) == pytest.approx(by_checks(ETHER)(answers[2]) - 1)


def test_a_model_chooses_among_what_it_wrote(model: Model) -> None:
    settings = {"output": "molecule_structure", "max_new_tokens": 24, "drafts": 1}
    written = model.generate("Make a molecule.", num_samples=4, **settings)  # type: ignore[arg-type]
    (best,) = model.generate("Make a molecule.", best_of=4, scorer=by_checks(), **settings)  # type: ignore[arg-type]
    assert best.score == max(by_checks()(one) for one in written if one.error is None)


def test_there_is_no_such_level() -> None:
    with pytest.raises(ConfigurationError, match="off, fast, full"):
        by_checks(level="thorough")  # type: ignore[arg-type]


def test_a_scorer_that_returns_no_number_is_named(model: Model) -> None:
    def careless(answer: Answer) -> None:
        return None

    with pytest.raises(ConfigurationError, match="the scorer careless returned None; it takes an answer and returns"):
        model.generate("Make a molecule.", output="molecule_selfies", length=3, best_of=2, scorer=careless)  # type: ignore[arg-type]
