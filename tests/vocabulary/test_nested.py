"""Nested spans: composites go to ids and back, broken ones are failures that say what and where."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from biomatrix.corpus.encoding import encode_documents
from biomatrix.corpus.shard_writing import token_dtype, write_shard
from biomatrix.entities import Molecule, Protein, modality
from biomatrix.errors import BioMatrixError, ConfigurationError, VocabularyError
from biomatrix.tasks.documents import Document, Part
from biomatrix.vocabulary import Failure, Tokens, Vocabulary
from biomatrix.vocabulary.blocks import join_parts
from biomatrix.vocabulary.initialisation import new_rows
from biomatrix.vocabulary.manifest import TokenizerRecord
from biomatrix.vocabulary.segments import Segment

from ..pair import Pair, PairStructure, PairText, Shelf, ShelfText, registered_pairs
from .conftest import JOINT, chain_of, stub_modalities

PAIR = Pair(Protein("MKV"), Molecule.from_smiles("CCO"), near=3)


@pytest.fixture(scope="module", autouse=True)
def _pairs() -> Iterator[None]:
    with registered_pairs():
        yield


@pytest.fixture(scope="module")
def nested(base: PreTrainedTokenizerFast) -> Vocabulary:
    """The composites first, so that nothing depends on the parts coming before."""
    composites = [ShelfText(), PairText(), PairStructure()]
    return Vocabulary.build(base, {"molecule_structure": JOINT}, [*composites, *stub_modalities()])


def stock_ids(vocabulary: Vocabulary, text: str) -> list[int]:
    ids: list[int] = vocabulary.tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


@given(
    letters=st.text(alphabet="ACDEFGHIKLMNPQRSTVWY", min_size=1, max_size=12).filter(lambda text: len(text) != 13),
    smiles=st.sampled_from(["CCO", "CC(=O)Oc1ccccc1C(=O)O", "CC(=O)[O-].[Na+]", "F/C=C/F"]),
    near=st.none() | st.integers(0, 7),
)
@settings(max_examples=40, deadline=None)
def test_ids_equal_those_of_the_text_and_come_back(
    nested: Vocabulary, letters: str, smiles: str, near: int | None
) -> None:
    pair = Pair(Protein(letters), Molecule.from_smiles(smiles), near)
    shelf = Shelf([pair, PAIR])
    for name, entity in (("pair_text", pair), ("shelf_text", shelf)):
        mine = nested.modality(name)
        text = mine.start_token + "".join(mine.encode(entity)) + mine.end_token
        ids = nested.encode_entity(entity, name)
        assert ids == stock_ids(nested, text)
        assert nested.text(ids) == text
        (segment,) = nested.segments(ids)
        assert segment.modality == name
        assert list(segment.tokens) == mine.encode(entity)
        assert nested.encode_tokens(segment.tokens, name) == ids
    back = nested.decode(nested.encode_entity(pair, "pair_text"))[0]
    assert isinstance(back, Pair)
    assert (back.protein.sequence, back.molecule.smiles, back.near) == (letters, pair.molecule.smiles, near)
    (whole,) = nested.decode(nested.encode_entity(shelf, "shelf_text"))
    assert isinstance(whole, Shelf)
    assert [inner.protein.sequence for inner in whole.pairs] == [letters, "MKV"]


def test_structures_go_to_ids_and_back(base: PreTrainedTokenizerFast) -> None:
    pair = Pair(chain_of(9), Molecule.from_smiles("CCO").embed(seed=0))
    names = ("protein_structure", "molecule_structure")
    coarse = modality("protein_structure", tokenizer="geometric-256")
    joint = modality("molecule_structure").encode(pair.molecule)
    chosen = [PairStructure(), coarse, modality("molecule_structure")]
    vocabulary = Vocabulary.build(base, {"molecule_structure": joint}, chosen)
    mine = vocabulary.modality("pair_structure")
    assert isinstance(mine, PairStructure)
    assert mine.part("protein_structure") is coarse  # not the registered one, of another tokenizer
    (segment,) = vocabulary.segments(vocabulary.encode_entity(pair, "pair_structure"))
    assert isinstance(segment.value, Pair)
    assert [part.modality for part in segment.parts] == list(names)
    backbone = coarse.decode(coarse.encode(pair.protein)).backbone  # type: ignore[attr-defined]
    np.testing.assert_array_equal(segment.value.protein.backbone, backbone)
    assert segment.value.molecule.smiles == "CCO"
    assert vocabulary.default_modality(pair) == "pair_structure"


def test_documents_take_pairs_like_any_entity(nested: Vocabulary) -> None:
    assert nested.default_modality(PAIR) == "pair_text"
    document = ["Of ", PAIR, " say", (PAIR, "pair_text"), PAIR.protein, "."]
    batch = nested.encode_batch([document, [PAIR, 7], [(chain_of(3), "pair_text")]])  # type: ignore[list-item]
    assert sorted(batch.rejects) == [1, 2]
    assert batch.ids[0] is not None
    assert batch.ids[0].tolist() == nested.encode(document)
    assert [type(part) for part in nested.decode(batch.ids[0])] == [str, Pair, str, Pair, Protein, str]


def test_a_composite_owns_its_pair_and_its_own_tokens_alone(nested: Vocabulary) -> None:
    plain = Vocabulary.build(nested.tokenizer, {}, [])
    assert len(nested.block("pair_text").tokens) == 8
    assert len(nested.block("pair_structure").tokens) == len(nested.block("shelf_text").tokens) == 0
    owned = sum(len(block.tokens) + 2 for block in nested.blocks.values())
    assert len(nested.new_ids) == owned == len(set(nested.new_ids.tolist()))
    assert len(plain) == len(nested)
    inner = nested.segment_ids("shelf_text").parts["pair_text"]
    assert inner.start_id == nested.start_id("pair_text")
    assert set(inner.parts) == set(PairText.parts)
    assert inner.parts["protein_sequence"].end_id == nested.end_id("protein_sequence")


def test_a_folder_opens_with_its_composites(nested: Vocabulary, tmp_path: object) -> None:
    folder = str(tmp_path)
    nested.save_pretrained(folder)
    known = [ShelfText(), PairText(), PairStructure(), *stub_modalities()]
    tokenizers = {
        block.name: block.modality.tokenizer for block in nested.blocks.values() if block.modality.needs_tokenizer
    }
    again = Vocabulary.from_pretrained(folder, tokenizers, known)
    ids = nested.encode_entity(Shelf([PAIR]), "shelf_text")
    assert again.modalities == nested.modalities
    assert again.encode_entity(Shelf([PAIR]), "shelf_text") == ids
    assert isinstance(again.decode(ids)[0], Shelf)
    pair = again.modality("pair_structure")
    assert isinstance(pair, PairStructure)
    assert pair.part("protein_structure").tokenizer is tokenizers["protein_structure"]


def test_a_composite_is_bound_to_the_tokenizers_of_its_parts(base: PreTrainedTokenizerFast) -> None:
    others = {"protein_structure": TokenizerRecord("other", "ffff0000", 16)}
    modalities = [PairStructure(), *stub_modalities()]
    vocabulary = Vocabulary.build(base, {"molecule_structure": JOINT}, modalities, structure_tokenizers=others)
    with pytest.raises(VocabularyError, match="cannot be used with stub-protein"):
        vocabulary.modality("pair_structure")
    assert "pair_structure" not in vocabulary.required_tokenizers


def test_a_vocabulary_without_a_part_refuses_the_composite_by_name(base: PreTrainedTokenizerFast) -> None:
    with pytest.raises(VocabularyError, match="pair_text borrows the tokens of protein_sequence"):
        Vocabulary.build(base, {}, [PairText(), modality("molecule_smiles"), modality("molecule_selfies")])


def test_a_composite_inside_itself_is_refused(nested: Vocabulary) -> None:
    class Endless(ShelfText):
        parts = ("shelf_text",)
        layout = ()

    block = nested.block("shelf_text")
    with pytest.raises(ConfigurationError, match="shelf_text > shelf_text"):
        join_parts({"shelf_text": type(block)(Endless(), 1, 2, (), np.empty(0, dtype=np.int64), {}, block.spell)})


def place(vocabulary: Vocabulary, *tokens: str) -> list[int]:
    """Return ids: of tokens, and of text where a string is none."""
    ids: list[int] = []
    for token in tokens:
        id_ = vocabulary.backend.token_to_id(token)
        ids += vocabulary.encode_text(token) if id_ is None else [id_]
    return ids


SEQUENCE = ("<|prot_aa_start|>", "<A M>", "<A K>", "<|prot_aa_end|>")
SMILES = ("<|mol_smi_start|>", "C", "<|mol_smi_end|>")
OPEN, CLOSE = PairText.start_token, PairText.end_token


def test_parts_have_absolute_places(nested: Vocabulary) -> None:
    before = nested.encode_text("text before")
    ids = before + place(nested, OPEN, *SEQUENCE, "<near 2>", *SMILES, CLOSE)
    segment = nested.segments(ids)[-1]
    assert (segment.start, segment.stop) == (len(before), len(ids))
    starts = [len(before) + 1, len(before) + 6]
    assert [(part.start, part.stop) for part in segment.parts] == [
        (starts[0], starts[0] + 4),
        (starts[1], len(ids) - 1),
    ]
    assert [type(part.value) for part in segment.parts] == [Protein, Molecule]


BROKEN: dict[str, tuple[tuple[str, ...], int, str, list[str]]] = {
    "a foreign token between parts": ((OPEN, *SEQUENCE, "<A M>", *SMILES, CLOSE), 5, "does not belong", ["failure"]),
    "a foreign token inside a part": (
        (OPEN, SEQUENCE[0], "<near 1>", *SEQUENCE[1:], *SMILES, CLOSE),
        2,
        "does not belong inside protein_sequence",
        ["failure"],
    ),
    "a part left open": (
        (OPEN, *SEQUENCE[:-1], CLOSE, "x"),
        4,
        "protein_sequence segment is not closed",
        ["failure", "x"],
    ),
    "left open": ((OPEN, *SEQUENCE, "x"), 5, "pair_text segment is not closed", ["failure", "x"]),
    "left open inside a part": ((OPEN, *SEQUENCE[:-1], "x"), 4, "protein_sequence segment", ["failure", "x"]),
    "a part of another": (
        (OPEN, "<|prot_3d_start|>", "<S 1>", "<|prot_3d_end|>", CLOSE),
        1,
        "not closed",
        ["failure", "protein", "failure"],
    ),
    "a part twice": ((OPEN, *SEQUENCE, *SEQUENCE, *SMILES, CLOSE), 5, "may not come here", ["failure"]),
    "a part too few": ((OPEN, *SEQUENCE, CLOSE), 5, "too early", ["failure"]),
    "nothing": ((OPEN, CLOSE), 1, "too early", ["failure"]),
    "itself": ((OPEN, OPEN, *SEQUENCE, *SMILES, CLOSE), 1, "not closed", ["failure", "pair"]),
    "a wrong part": ((OPEN, *SEQUENCE, SMILES[0], "C1CC", *SMILES[2:], CLOSE), 6, "molecule_smiles:", ["failure"]),
    "an end that closes nothing": ((OPEN, "<|prot_aa_end|>", CLOSE), 1, "not closed", ["failure"] * 3),
    "a pair left open on a shelf": (
        (ShelfText.start_token, OPEN, *SEQUENCE, ShelfText.end_token),
        6,
        "pair_text segment is not closed",
        ["failure"],
    ),
    "a part on a shelf": (
        (ShelfText.start_token, *SEQUENCE),
        1,
        "shelf_text segment is not closed",
        ["failure", "protein"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_does_not_nest_fails_at_its_place(nested: Vocabulary, name: str) -> None:
    tokens, position, reason, kinds = BROKEN[name]
    found = nested.decode(place(nested, *tokens))
    said = ["failure" if isinstance(v, Failure) else v if isinstance(v, str) else v.kind for v in found]
    assert said == kinds
    assert isinstance(found[0], Failure)
    assert reason in found[0].reason
    assert found[0].position == position


def check_places(segments: list[Segment], start: int, stop: int, whole: bool) -> None:
    """Check that segments lie in order inside a stretch, and cover it where they should; and so do their parts."""
    places = [(segment.start, segment.stop) for segment in segments]
    assert all(a[1] == b[0] if whole else a[1] <= b[0] for a, b in pairwise(places))
    if places:
        assert (places[0][0], places[-1][1]) == (start, stop) if whole else places[0][0] >= start
        assert places[-1][1] <= stop
    for segment in segments:
        if isinstance(segment.value, Failure):
            assert segment.start <= segment.value.position <= segment.stop
        check_places(list(segment.parts), segment.start + 1, segment.stop, whole=False)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_any_ids_decode_and_spans_cover_them(nested: Vocabulary, data: st.DataObject) -> None:
    names = ("shelf_text", "pair_text", "pair_structure", "protein_sequence", "molecule_smiles", "protein_structure")
    controls = [id_ for name in names for id_ in (nested.start_id(name), nested.end_id(name))]
    pieces = [place(nested, *SEQUENCE), place(nested, *SMILES), place(nested, OPEN, *SEQUENCE, *SMILES, CLOSE)]
    inside = place(nested, "<A M>", "<near 1>", "<S 1>", "x")
    one = st.sampled_from([*pieces, *([id_] for id_ in controls * 2 + inside), [-1], [len(nested) + 3]])
    ids = [id_ for piece in data.draw(st.lists(one, max_size=20)) for id_ in piece]
    segments = nested.segments(ids)
    assert bool(segments) == bool(ids)
    check_places(segments, 0, len(ids), whole=True)


def test_deep_and_long_hostile_ids_take_no_more_than_linear_time(nested: Vocabulary) -> None:
    row = place(nested, ShelfText.start_token, OPEN, "x", *SEQUENCE)
    segments = nested.segments(row * 3_000)
    check_places(segments, 0, len(row) * 3_000, whole=True)
    opened = place(nested, ShelfText.start_token, OPEN, "x") + place(nested, *SEQUENCE) * 3_000
    check_places(nested.segments(opened), 0, len(opened), whole=True)


HOSTILE = [
    ["<|prot_aa_start|>"],
    ["<|prot_aa_start|>", "[C]", "<|prot_aa_end|>"],
    ["<|prot_aa_start|>", "<A M>", "<|prot_aa_end|>", "<near 9>"],
    ["<|prot_aa_end|>"],
    ["<|mol_smi_start|>", "\ud800", "<|mol_smi_end|>"],
    ["<|prot_3d_start|>", "<S 0>", "<|prot_3d_end|>"],
]


@pytest.mark.parametrize("tokens", HOSTILE)
def test_flat_lists_that_spell_nothing_are_refused(nested: Vocabulary, tokens: list[str]) -> None:
    with pytest.raises(BioMatrixError) as caught:
        nested.encode_tokens(tokens, "pair_text")
    assert isinstance(caught.value.position, int)
    batch = nested.encode_batch([["fine"], [Tokens("pair_text", tokens)]])
    assert list(batch.rejects) == [1]


def test_a_token_that_a_part_lacks_is_named_with_its_place(nested: Vocabulary) -> None:
    tokens = ["<|prot_3d_start|>", "<S 0>", "<S 999>", "<|prot_3d_end|>"]
    with pytest.raises(VocabularyError, match=r"inside pair_structure: token '<S 999>' at index 1") as caught:
        nested.encode_tokens(tokens, "pair_structure")
    assert caught.value.position == 2


def test_text_inside_a_span_is_never_a_control_token(nested: Vocabulary) -> None:
    ids = place(nested, OPEN, *SEQUENCE, SMILES[0]) + nested.encode_text(SMILES[2]) + place(nested, SMILES[2], CLOSE)
    (failure,) = nested.decode(ids)
    assert isinstance(failure, Failure)
    assert failure.reason.startswith("molecule_smiles:")


def test_new_rows_cover_a_composite_s_own_tokens(nested: Vocabulary) -> None:
    weight = torch.randn(nested.base_size, 16, generator=torch.Generator().manual_seed(0))
    rows = new_rows(weight, nested, "description", seed=0, noise=0.0)
    assert rows.shape == (len(nested.new_ids), 16)
    near = nested.block("pair_text").index["<near 3>"]
    described = weight[nested.encode_text("near 3")].mean(dim=0)
    found = rows[int(np.searchsorted(nested.new_ids, near))]
    np.testing.assert_allclose(found, described.numpy(), rtol=1e-5, atol=1e-6)


def test_pairs_go_through_documents_and_shards(nested: Vocabulary, tmp_path: Path) -> None:
    structure = ["<|prot_3d_start|>", "<S 1>", "<|prot_3d_end|>", "<|mol_3d_start|>", "[C 0]", "<|mol_3d_end|>"]
    strange = [*structure[:4], "[C 999]", structure[-1]]
    contents = [Tokens("pair_text", nested.modality("pair_text").encode(PAIR)), Tokens("pair_structure", structure)]
    tried = [*contents, Tokens("pair_structure", strange)]
    written = encode_documents([Document((Part(item),), item.modality) for item in tried], nested)
    assert [isinstance(document, BioMatrixError) for document in written] == [False, False, True]
    documents = [document for document in written if not isinstance(document, BioMatrixError)]
    for document, item in zip(documents, contents, strict=True):
        block = nested.block(item.modality).modality
        assert nested.text(document.ids) == block.start_token + "".join(item.tokens) + block.end_token
    folder, dtype = tmp_path / "shard", token_dtype(len(nested))
    folder.mkdir()
    write_shard(folder, documents, [0, 1], dtype)
    read = np.fromfile(folder / "tokens.bin", dtype=dtype)
    assert read.tolist() == np.concatenate([document.ids for document in documents]).tolist()
    assert isinstance(nested.decode(read[: len(documents[0])])[0], Pair)
