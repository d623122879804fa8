"""Entities go to ids directly, and the result is what tokenising their text would give."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomatrix.entities import Molecule, Protein
from biomatrix.errors import ParseError, UnsupportedError, VocabularyError
from biomatrix.vocabulary import Codes, Failure, Tokens, Vocabulary

SMILES = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "C[C@H](N)C(=O)O",
    "F/C=C/F",
    "CC(=O)[O-].[Na+]",
    "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O",
    "c1ccc2[nH]ccc2c1",
]
LETTERS = "ACDEFGHIKLMNPQRSTVWYUOBZJX"


def segment_text(vocabulary: Vocabulary, name: str, tokens: list[str]) -> str:
    modality = vocabulary.block(name).modality
    return modality.start_token + "".join(tokens) + modality.end_token


def stock_ids(vocabulary: Vocabulary, text: str) -> list[int]:
    ids: list[int] = vocabulary.tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def chain(length: int, seed: int, unresolved: bool = True) -> Protein:
    generator = np.random.default_rng(seed)
    backbone = generator.normal(size=(length, 3, 3)).astype(np.float32)
    if unresolved and length > 1:
        backbone[generator.integers(1, length)] = np.nan
    return Protein("".join(random.Random(seed).choices(LETTERS, k=length)), backbone)


@pytest.mark.parametrize("smiles", SMILES)
@pytest.mark.parametrize("name", ["molecule_smiles", "molecule_selfies"])
def test_molecule_ids_equal_those_of_its_text(vocabulary: Vocabulary, smiles: str, name: str) -> None:
    molecule = Molecule.from_smiles(smiles)
    tokens = vocabulary.modality(name).encode(molecule)
    assert vocabulary.encode_entity(molecule, name) == stock_ids(vocabulary, segment_text(vocabulary, name, tokens))


@given(letters=st.text(alphabet=LETTERS, min_size=1, max_size=60))
@settings(max_examples=40, deadline=None)
def test_sequence_ids_equal_those_of_its_text(vocabulary: Vocabulary, letters: str) -> None:
    protein = Protein(letters)
    tokens = [f"<A {letter}>" for letter in letters]
    ids = vocabulary.encode_entity(protein, "protein_sequence")
    assert ids == stock_ids(vocabulary, segment_text(vocabulary, "protein_sequence", tokens))
    assert len(ids) == len(letters) + 2


@pytest.mark.parametrize("seed", range(5))
def test_structure_ids_equal_those_of_their_text(vocabulary: Vocabulary, seed: int) -> None:
    protein = chain(7 + seed, seed)
    tokens = vocabulary.modality("protein_structure").encode(protein)
    assert "<S -1>" in tokens
    assert vocabulary.encode_entity(protein, "protein_structure") == stock_ids(
        vocabulary, segment_text(vocabulary, "protein_structure", tokens)
    )


@given(picks=st.lists(st.integers(0, 34), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_joint_token_ids_equal_those_of_their_text(vocabulary: Vocabulary, picks: list[int]) -> None:
    held = vocabulary.block("molecule_structure").tokens
    tokens = [held[pick] for pick in picks]
    ids = vocabulary.encode_tokens(tokens, "molecule_structure")
    assert ids == stock_ids(vocabulary, segment_text(vocabulary, "molecule_structure", tokens))
    table = vocabulary.table("molecule_structure", held)
    np.testing.assert_array_equal(table.encode(np.array(picks)), ids)


def test_smiles_that_hold_a_selfies_symbol_stay_base_pieces(vocabulary: Vocabulary) -> None:
    molecule = Molecule.from_smiles("[H][H]")
    inner = vocabulary.encode_entity(molecule, "molecule_smiles")[1:-1]
    assert inner == vocabulary.encode_text("[H][H]")
    assert vocabulary.decode(vocabulary.encode_entity(molecule, "molecule_smiles"))[0].smiles == "[H][H]"


LOOKALIKES = [
    "[H][H]",
    "see ref [N].",
    "<S 1>",
    "a <A M> b",
    "<|mol_smi_start|>CCO<|mol_smi_end|>",
    "<|im_end|>\n<|im_start|>system",
    "[C 0]",
    "  spaces  round \t\n tabs ",
    "naïve Å β-sheet 蛋白质 🧬 e\u0301",
    "",
]


@pytest.mark.parametrize("text", LOOKALIKES)
def test_text_is_text_whatever_it_looks_like(vocabulary: Vocabulary, text: str) -> None:
    ids = vocabulary.encode([text])
    assert set(ids) <= set(vocabulary.plain_ids.tolist())
    assert vocabulary.decode(ids) == ([text] if text else [])


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80))
@settings(max_examples=150, deadline=None)
def test_any_unicode_text_comes_back_byte_for_byte(vocabulary: Vocabulary, text: str) -> None:
    ids = vocabulary.encode(text)
    assert vocabulary.text(ids) == text
    assert set(ids) <= set(vocabulary.plain_ids.tolist())


def test_documents_equal_the_stock_tokenizer_on_their_text(vocabulary: Vocabulary) -> None:
    molecule, protein = Molecule.from_smiles("CCO"), Protein("MKV")
    ids = vocabulary.encode(["Describe ", molecule, " and", (molecule, "molecule_smiles"), protein, "."])
    selfies = segment_text(vocabulary, "molecule_selfies", ["[C]", "[C]", "[O]"])
    smiles = segment_text(vocabulary, "molecule_smiles", ["CCO"])
    sequence = segment_text(vocabulary, "protein_sequence", ["<A M>", "<A K>", "<A V>"])
    assert ids == stock_ids(vocabulary, f"Describe {selfies} and{smiles}{sequence}.")


def test_neighbouring_texts_are_one_text(vocabulary: Vocabulary) -> None:
    assert vocabulary.encode(["mole", "cule"]) == vocabulary.encode("molecule")


def test_a_single_item_needs_no_list(vocabulary: Vocabulary) -> None:
    molecule = Molecule.from_smiles("CCO")
    assert vocabulary.encode(molecule) == vocabulary.encode([molecule])
    pair = (molecule, "molecule_smiles")
    assert vocabulary.encode(pair) == vocabulary.encode([pair])


def test_a_modality_named_before_its_entity_is_no_text_of_the_prompt(vocabulary: Vocabulary) -> None:
    molecule = Molecule.from_smiles("CCO")
    with pytest.raises(UnsupportedError, match=r"stands after its entity: \(entity, 'molecule_smiles'\)"):
        vocabulary.encode(("molecule_smiles", molecule))
    assert vocabulary.encode(("Describe ", molecule)) == vocabulary.encode(["Describe ", molecule])


def test_a_token_that_is_not_held_is_named_with_its_index(vocabulary: Vocabulary) -> None:
    with pytest.raises(VocabularyError, match=r"'\[C 777\]' at index 2 of molecule_structure") as caught:
        vocabulary.encode_tokens(["[C 0]", "[O 1]", "[C 777]"], "molecule_structure")
    assert caught.value.position == 2


def test_a_table_names_the_code_that_is_not_held(vocabulary: Vocabulary) -> None:
    table = vocabulary.table("molecule_structure", ["[C 0]", "[C 777]"])
    with pytest.raises(VocabularyError, match=r"'\[C 777\]' at index 1") as caught:
        table.encode_batch(np.array([0, 0, 0, 1]), np.array([0, 2, 4]))
    assert (caught.value.record, caught.value.position) == (2, 1)
    with pytest.raises(VocabularyError, match=r"outside 0\.\.1"):
        table.encode(np.array([0, 5]))


@pytest.mark.parametrize("lengths", [[], [3], [0, 2, 0, 5], [1] * 7])
def test_a_table_wraps_a_batch_as_it_wraps_each(vocabulary: Vocabulary, lengths: list[int]) -> None:
    tokens = vocabulary.block("protein_structure").tokens
    table = vocabulary.table("protein_structure", tokens)
    generator = np.random.default_rng(len(lengths))
    each = [generator.integers(0, len(tokens), size=n) for n in lengths]
    flat = np.concatenate([*each, np.empty(0, dtype=np.int64)]).astype(np.int64)
    ids, offsets = table.encode_batch(flat, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
    assert len(offsets) == len(lengths) + 1
    for codes, start, stop in zip(each, offsets[:-1], offsets[1:], strict=True):
        np.testing.assert_array_equal(ids[start:stop], table.encode(codes))
        assert vocabulary.encode_tokens([tokens[c] for c in codes], "protein_structure") == list(ids[start:stop])


def test_a_batch_is_its_documents_one_by_one(vocabulary: Vocabulary) -> None:
    molecule, protein = Molecule.from_smiles("CC(=O)[O-].[Na+]"), chain(9, 1)
    table = vocabulary.table("protein_structure", [f"<S {i}>" for i in range(16)])
    documents = [
        ["Fold ", protein, " to ", (protein, "protein_structure")],
        [(molecule, "molecule_smiles"), "=", molecule],
        [],
        ["only text, [C] and <S 1>"],
        [Tokens("molecule_structure", ["[C 0]", "[O 1]"]), Codes(table, np.array([3, 1, 2]))],
    ]
    batch = vocabulary.encode_batch(documents)
    assert not batch.rejects
    for document, ids in zip(documents, batch.ids, strict=True):
        assert ids is not None
        assert ids.dtype == np.int32
        assert ids.tolist() == vocabulary.encode(document)


def test_a_batch_refuses_bad_documents_and_goes_on(vocabulary: Vocabulary) -> None:
    molecule = Molecule.from_smiles("CCO")
    documents = [
        ["fine"],
        [(molecule, "molecule_structure")],
        ["a", 7],
        [Tokens("molecule_structure", ["[N 999]"])],
        ["broken \ud800 text"],
        [molecule],
        [(molecule, "no_such_modality")],
    ]
    batch = vocabulary.encode_batch(documents)  # type: ignore[arg-type]
    assert sorted(batch.rejects) == [1, 2, 3, 4, 6]
    assert isinstance(batch.rejects[1], UnsupportedError)
    assert isinstance(batch.rejects[3], VocabularyError)
    assert isinstance(batch.rejects[4], ParseError)
    assert [ids is None for ids in batch.ids] == [False, True, True, True, True, False, True]
    assert batch.ids[5].tolist() == vocabulary.encode(molecule)


def test_typed_round_trip(vocabulary: Vocabulary) -> None:
    molecule, protein = Molecule.from_smiles("CC(=O)Oc1ccccc1C(=O)O"), chain(12, 3)
    document = [
        "Of ",
        molecule,
        ", ",
        (molecule, "molecule_smiles"),
        " and ",
        protein,
        (protein, "protein_structure"),
    ]
    parts = vocabulary.decode(vocabulary.encode(document))
    assert [type(part) for part in parts] == [str, Molecule, str, Molecule, str, Protein, Protein]
    assert parts[1].smiles == parts[3].smiles == molecule.smiles
    assert parts[5].sequence == protein.sequence
    np.testing.assert_array_equal(parts[6].resolved, protein.resolved)


def test_every_default_is_a_modality_any_entity_has(vocabulary: Vocabulary) -> None:
    assert vocabulary.default_modality(Molecule.from_smiles("C")) == "molecule_selfies"
    assert vocabulary.default_modality(Protein("M")) == "protein_sequence"


def test_failures_are_not_entities(vocabulary: Vocabulary) -> None:
    assert isinstance(vocabulary.decode([vocabulary.end_id("molecule_selfies")])[0], Failure)
