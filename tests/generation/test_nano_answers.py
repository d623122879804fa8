"""The shipped model: whatever it is asked for comes whole, of the asked size, and closed."""

from __future__ import annotations

import pytest

from biomatrix.entities import default_modality_names
from biomatrix.generation import Answer, Model, load, shipped_models

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("nano" not in shipped_models(), reason="no model is shipped"),
]
COUNTED = tuple(name for name in default_modality_names() if name != "molecule_smiles")


@pytest.fixture(scope="module")
def nano() -> Model:
    return load("nano", device="cpu")


@pytest.fixture(params=[16, pytest.param(64, marks=pytest.mark.exhaustive)])
def samples(request: pytest.FixtureRequest) -> int:
    """How many answers are asked for."""
    return int(request.param)


def assert_balanced(nano: Model, answer: Answer, output: str) -> int:
    """Assert that an answer is one closed segment of its own tokens; return its length."""
    vocabulary = nano.vocabulary
    assert answer.finish_reason == "stop"
    assert answer.token_ids[0] == vocabulary.start_id(output)
    assert answer.token_ids[-1] == vocabulary.end_id(output)
    inside = answer.token_ids[1:-1]
    assert set(inside) <= set(vocabulary.automaton(output).ids.tolist()) - {answer.token_ids[-1]}
    tokens = [str(vocabulary.backend.id_to_token(id_)) for id_ in inside]
    return vocabulary.block(output).modality.length(tokens)


@pytest.mark.parametrize("output", default_modality_names())
def test_every_answer_is_balanced(nano: Model, output: str, samples: int) -> None:
    answers = nano.generate("Make one.", output=output, num_samples=samples, max_new_tokens=96)
    for answer in answers:
        assert_balanced(nano, answer, output)
    sound = sum(answer.error is None for answer in answers)
    assert sound >= 0.99 * samples


@pytest.mark.parametrize("output", COUNTED)
@pytest.mark.parametrize(
    "length", [24, (20, 30), *(pytest.param(one, marks=pytest.mark.exhaustive) for one in ((40, None), (None, 12)))]
)
def test_lengths_are_kept(nano: Model, output: str, length: int | tuple[int | None, int | None], samples: int) -> None:
    least, most = (length, length) if isinstance(length, int) else length
    settings = {"num_samples": samples, "drafts": 1, "max_new_tokens": 96}  # a budget, which an open end fills
    for answer in nano.generate("Make one.", output=output, length=length, **settings):
        count = assert_balanced(nano, answer, output)
        assert (least or 1) <= count <= (most or 1 << 20)


def test_segments_in_free_text_are_closed(nano: Model, samples: int) -> None:
    padding = set(nano.vocabulary.padding_ids(nano.num_embeddings).tolist())
    prompts = ["Describe caffeine and draw it.", "Write a protein.", "Make a molecule in 3D."]
    opened = 0
    for group in nano.generate_batch(prompts, num_samples=samples // 4, max_new_tokens=96, drafts=1, temperature=1.5):
        for answer in group:
            assert not padding & set(answer.token_ids)
            for word in ("not closed", "outside", "belong inside"):
                assert word not in str(answer.error)
            opened += sum(segment.modality is not None for segment in answer.segments)
    assert opened > 0
