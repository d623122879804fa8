"""A molecule that the model ends too early is closed, counted, and the same in any batch."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from biomatrix.generation import Answer, Model, load, shipped_models
from biomatrix.generation.events import Finished
from biomatrix.generation.model import request_of

pytestmark = pytest.mark.skipif("nano" not in shipped_models(), reason="no model is shipped")
SAMPLES = 24
REQUEST = request_of(
    # Warm enough for a model that seldom ends too early to do so.
    "Make a molecule.",
    "molecule_smiles",
    None,
    num_samples=SAMPLES,
    max_new_tokens=60,
    seed=3,
    temperature=2.2,
)


@pytest.fixture(scope="module")
def nano() -> Model:
    return load("nano", device="cpu")


def written(nano: Model, **settings: int) -> Sequence[Answer]:
    return nano.engine.generate([REQUEST], **settings)[0]


def test_hastened_answers_are_molecules_and_counted(nano: Model) -> None:
    answers = written(nano)
    hastened = [answer for answer in answers if answer.hastened]
    assert 0 < len(hastened) < SAMPLES
    for answer in hastened:
        assert answer.finish_reason == "stop"
        assert answer.entity is not None
        assert min(answer.token_logprobs) < 0.0
        assert answer.token_logprobs[-1] == 0.0  # what closes it is not drawn


def test_hastened_answers_do_not_depend_on_the_batch(nano: Model) -> None:
    together, apart = written(nano), written(nano, max_rows=3)
    assert [(one.token_ids, one.hastened) for one in together] == [(one.token_ids, one.hastened) for one in apart]


def test_a_stream_says_so_too(nano: Model) -> None:
    ends = {event.sample: event.answer for event in nano.engine.stream(REQUEST) if isinstance(event, Finished)}
    assert [ends[number].hastened for number in range(SAMPLES)] == [answer.hastened for answer in written(nano)]
