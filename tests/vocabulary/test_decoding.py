"""Ids come back as typed segments, and broken ones as failures that say what and where."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomatrix.entities import Molecule, Protein
from biomatrix.vocabulary import Failure, Vocabulary

BIG = 1_000_000


def only_failure(vocabulary: Vocabulary, ids: list[int]) -> Failure:
    (part,) = vocabulary.decode(ids)
    assert isinstance(part, Failure)
    return part


def test_an_unclosed_segment_fails_and_text_goes_on(vocabulary: Vocabulary) -> None:
    whole = vocabulary.encode(["a ", Protein("MKV")])
    ids = [*whole[:-1], *vocabulary.encode_text(" then text")]
    text, failure, rest = vocabulary.decode(ids)
    assert (text, rest) == ("a ", " then text")
    assert isinstance(failure, Failure)
    assert failure.text == "<|prot_aa_start|><A M><A K><A V>"
    assert "not closed" in failure.reason
    assert failure.position == len(whole) - 1


def test_a_foreign_id_inside_a_segment_is_pointed_at(vocabulary: Vocabulary) -> None:
    ids = vocabulary.encode(Protein("MKV"))
    ids[2:2] = vocabulary.encode_text("x")
    failure = only_failure(vocabulary, ids)
    assert "does not belong inside protein_sequence" in failure.reason
    assert failure.position == 2


def test_a_segment_that_opens_inside_another_ends_it(vocabulary: Vocabulary) -> None:
    outer = vocabulary.encode(Protein("MK"))[:-1]
    inner = vocabulary.encode(Molecule.from_smiles("CCO"))
    failure, molecule = vocabulary.decode(outer + inner)
    assert isinstance(failure, Failure)
    assert isinstance(molecule, Molecule)


@pytest.mark.parametrize("name", ["molecule_smiles", "molecule_selfies", "protein_sequence"])
def test_an_empty_segment_fails(vocabulary: Vocabulary, name: str) -> None:
    failure = only_failure(vocabulary, [vocabulary.start_id(name), vocabulary.end_id(name)])
    assert failure.reason


def test_a_wrong_smiles_fails_with_its_text(vocabulary: Vocabulary) -> None:
    failure = only_failure(vocabulary, vocabulary.encode_tokens(["C1CC"], "molecule_smiles"))
    assert failure.text == "<|mol_smi_start|>C1CC<|mol_smi_end|>"


def test_a_decoder_s_position_counts_from_the_whole_sequence(vocabulary: Vocabulary) -> None:
    before = vocabulary.encode_text("text")
    ids = before + vocabulary.encode_tokens(["[Branch1]"], "molecule_selfies")
    segment = vocabulary.segments(ids)[-1]
    assert isinstance(segment.value, Failure)
    assert segment.value.position == len(before) + 1
    assert (segment.start, segment.stop) == (len(before), len(ids))


def test_turn_marks_end_a_segment_and_can_be_left_out(vocabulary: Vocabulary) -> None:
    mark = vocabulary.end_of_text_id
    ids = [*vocabulary.encode(Protein("M"))[:-1], mark]
    failure, text = vocabulary.decode(ids)
    assert isinstance(failure, Failure)
    assert text == "<|im_end|>"
    assert len(vocabulary.decode(ids, skip_special=True)) == 1
    closed = [*vocabulary.encode(["a", Protein("M")]), mark]
    assert [type(part) for part in vocabulary.decode(closed, skip_special=True)] == [str, Protein]


@pytest.mark.parametrize("ids", [[-1], [BIG], [-5, BIG]])
def test_ids_of_no_token_are_failures(vocabulary: Vocabulary, ids: list[int]) -> None:
    assert "no token" in only_failure(vocabulary, ids).reason


def test_numpy_and_torch_free_input(vocabulary: Vocabulary) -> None:
    ids = np.array(vocabulary.encode(["x", Protein("MK")]), dtype=np.uint16)
    assert [type(part) for part in vocabulary.decode(ids)] == [str, Protein]
    assert vocabulary.decode([]) == []


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_ids_decode_and_segments_cover_them(vocabulary: Vocabulary, data: st.DataObject) -> None:
    size = len(vocabulary)
    controls = [id_ for b in vocabulary.blocks.values() for id_ in (b.start_id, b.end_id)]
    one = st.one_of(st.integers(-2, size + 2), st.sampled_from(controls), st.integers(0, 300))
    ids = data.draw(st.lists(one, max_size=30))
    segments = vocabulary.segments(ids)
    places = [(segment.start, segment.stop) for segment in segments]
    assert all(a[1] == b[0] for a, b in pairwise(places))
    if ids:
        assert (places[0][0], places[-1][1]) == (0, len(ids))
    for segment in segments:
        if isinstance(segment.value, Failure):
            assert segment.start <= segment.value.position <= segment.stop


@given(position=st.integers(0, 30), other=st.integers(0, 700))
@settings(max_examples=80, deadline=None)
def test_one_changed_id_leaves_the_neighbours_alone(vocabulary: Vocabulary, position: int, other: int) -> None:
    first, last = vocabulary.encode(Protein("MKV")), vocabulary.encode(Protein("WWW"))
    middle = vocabulary.encode(Molecule.from_smiles("CC(=O)Oc1ccccc1"))
    middle[position % len(middle)] = other % len(vocabulary)
    parts = vocabulary.decode(first + middle + last)
    assert isinstance(parts[0], Protein)
    assert parts[0].sequence == "MKV"
    assert isinstance(parts[-1], Protein | Failure)


def test_many_sequences_are_decoded_as_each_alone(vocabulary: Vocabulary) -> None:
    """Broken ones and empty ones among them leave their neighbours alone."""
    molecule, protein = Molecule.from_smiles("CCO"), Protein("MKV")
    sequences = [
        vocabulary.encode(["a ", protein, " b ", molecule]),
        [],
        vocabulary.encode_tokens(["C1CC"], "molecule_smiles"),
        vocabulary.encode_tokens(["[Branch1]"], "molecule_selfies"),
        [*vocabulary.encode(protein)[:-1], BIG],
        vocabulary.encode([molecule, protein, molecule]),
        vocabulary.encode_text("text"),
    ]
    together = vocabulary.segments_each(sequences)
    assert [list(map(repr, row)) for row in together] == [
        list(map(repr, vocabulary.segments(ids))) for ids in sequences
    ]
    assert [segment.value for segment in together[1]] == []
    assert vocabulary.segments_each([]) == []
