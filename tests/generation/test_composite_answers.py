"""A model writes a composite: whole, in order, of the asked length, and as one entity."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from biomatrix.entities import default_modalities, modality
from biomatrix.generation import Model, TransformersEngine
from biomatrix.vocabulary import Vocabulary, train_byte_bpe

from ..pair import Pair, registered_pairs
from .conftest import JOINT, TEXTS, tiny_network


@pytest.fixture(scope="module")
def pairs() -> Iterator[Model]:
    """A random network over a vocabulary with pairs beside the package's own modalities."""
    with registered_pairs():
        vocabulary = Vocabulary.build(train_byte_bpe(TEXTS, 400), {"molecule_structure": JOINT}, default_modalities())
        yield Model(TransformersEngine(tiny_network(vocabulary), vocabulary), "tiny")


@pytest.mark.parametrize("length", [1, 6])
def test_a_pair_of_the_asked_length_is_written_whole(pairs: Model, length: int) -> None:
    answers = pairs.generate(
        ["Dock "], output="pair_structure", length=length, num_samples=6, seed=0, max_new_tokens=60
    )
    assert len(answers) == 6
    whole = 0
    for answer in answers:
        (segment,) = [segment for segment in answer.segments if segment.modality == "pair_structure"]
        assert [part.modality for part in segment.parts] == ["protein_structure", "molecule_structure"]
        assert modality("protein_structure").length(segment.parts[0].tokens) == length
        if isinstance(answer.entity, Pair):
            assert len(answer.entity.protein) == length
            whole += 1
    assert whole


def test_text_and_own_tokens_stand_where_the_layout_has_them(pairs: Model) -> None:
    answers = pairs.generate(["Bind "], output="pair_text", num_samples=6, seed=1, max_new_tokens=16)
    for answer in answers:
        (segment,) = [segment for segment in answer.segments if segment.modality == "pair_text"]
        first, second = segment.parts
        assert first.modality == "protein_sequence"
        assert second.modality in ("molecule_smiles", "molecule_selfies")
        assert second.start - first.stop in (0, 1)
        assert segment.stop - segment.start <= 17
