"""A fold of a known sequence carries that sequence, its residue numbers and its chain; nothing else is touched."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.entities import Molecule, Protein
from biomatrix.generation import Model, Request
from biomatrix.generation.completion import KnownEntities
from biomatrix.vocabulary import Segment, Vocabulary

NATIVE = Protein(
    "MKVLAAGW",
    name="1abc_B",
    chain="B",
    residue_numbers=np.arange(5, 13, dtype=np.int32),
    insertion_codes=tuple("A" * 8),
)


def test_a_fold_carries_the_sequence_it_was_asked_for(model: Model) -> None:
    answers = model.generate(["Fold ", NATIVE, "."], output="protein_structure", length=8, num_samples=2)
    for answer in answers:
        fold = answer.entity
        assert isinstance(fold, Protein)
        assert fold.has_structure
        assert (fold.sequence, fold.chain, fold.name) == ("MKVLAAGW", "B", "1abc_B")
        np.testing.assert_array_equal(fold.residue_numbers, NATIVE.residue_numbers)
        assert fold.insertion_codes == NATIVE.insertion_codes
        assert "taken from the protein that was given" in fold.notes[-1]
        assert answer.entity_modality == "protein_structure"
        assert answer.checks


def test_a_fold_of_another_length_stays_as_it_is(model: Model) -> None:
    (answer,) = model.generate(["Fold ", NATIVE, "."], output="protein_structure", length=5)
    assert isinstance(answer.entity, Protein)
    assert answer.entity.sequence == "XXXXX"
    assert not answer.entity.notes


def test_several_candidates_are_none_unless_one_is_named(model: Model) -> None:
    prompt = ["Fold ", NATIVE, " like ", Protein("GGGGGGGG")]
    (unclear,) = model.generate(prompt, output="protein_structure", length=8)
    (named,) = model.generate(prompt, output="protein_structure", length=8, about=NATIVE)
    assert unclear.token_ids == named.token_ids
    assert isinstance(unclear.entity, Protein)
    assert isinstance(named.entity, Protein)
    assert (unclear.entity.sequence, named.entity.sequence) == ("X" * 8, NATIVE.sequence)


def test_inverse_folding_is_not_touched(model: Model) -> None:
    backbone = np.random.default_rng(0).normal(scale=5.0, size=(8, 3, 3)).astype(np.float32)
    folded = Protein(NATIVE.sequence, backbone)
    (answer,) = model.generate(
        ["Write ", (folded, "protein_structure")], output="protein_sequence", length=8, about=folded
    )
    assert isinstance(answer.entity, Protein)
    assert answer.entity.sequence != NATIVE.sequence
    assert not answer.entity.notes


def test_what_the_prompt_lost_is_in_the_notes_of_the_answer(vocabulary: Vocabulary) -> None:
    racemate = Molecule.from_smiles("C[C@H](F)O |&1:1|")
    known = KnownEntities.from_request(vocabulary, Request(["Name ", (racemate, "molecule_smiles")]))
    (note,) = known.losses
    assert note.startswith("the prompt's molecule_smiles: a racemic group was dropped")
    assert KnownEntities.from_request(vocabulary, Request(["Name ", Molecule.from_smiles("CCO")])).losses == ()


def structure_segment(vocabulary: Vocabulary, residues: int) -> Segment:
    (segment,) = vocabulary.segments(vocabulary.encode_tokens(["<S 3>"] * residues, "protein_structure"))
    return segment


@pytest.mark.parametrize(
    "prompt",
    [
        ["Fold ", Molecule.from_smiles("CCO")],
        ["Change ", (Protein("MK", np.ones((2, 3, 3), dtype=np.float32)), "protein_structure")],
        "Fold it.",
    ],
)
def test_another_kind_or_the_same_modality_says_nothing(
    vocabulary: Vocabulary, prompt: list[str | tuple[Protein, str]]
) -> None:
    known = KnownEntities.from_request(vocabulary, Request(prompt))
    segment = structure_segment(vocabulary, 2)
    assert known.complete(segment) is segment


def test_the_labels_of_the_given_entity_are_left_alone(vocabulary: Vocabulary) -> None:
    before = NATIVE.notes
    known = KnownEntities.from_request(vocabulary, Request(["Fold ", NATIVE]))
    segment = structure_segment(vocabulary, 8)
    completed = known.complete(segment)
    assert isinstance(completed.value, Protein)
    assert isinstance(segment.value, Protein)
    assert completed.value.sequence == NATIVE.sequence
    assert segment.value.sequence == "X" * 8
    assert NATIVE.notes == before
    np.testing.assert_array_equal(completed.value.backbone, segment.value.backbone)
