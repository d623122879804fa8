"""What is drawn for a document depends on its record, view and copy, and on nothing else."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from biomatrix.corpus.composition import MOLECULE_PARTS, compose
from biomatrix.corpus.views import VIEWS, document, documents, drawn

from biomatrix.corpus.records import TokenRecord
from biomatrix.errors import LimitError
from biomatrix.tasks.documents import Control, Document
from biomatrix.vocabulary.tables import Tokens


def molecule(identifier: str = "m1") -> TokenRecord:
    return TokenRecord(
        "made",
        identifier,
        "molecule",
        "train",
        {"name": "ethanol", "description": "An alcohol.", "weight": "46.1"},
        {"molecule_smiles": ("CCO",), "molecule_selfies": ("[C]", "[C]", "[O]")},
    )


def protein(length: int = 30) -> TokenRecord:
    sequence = tuple(f"<A {letter}>" for letter in ("ACDEFGHIKL" * length)[:length])
    structure = tuple(f"<S {index % 512}>" for index in range(length))
    tokens = {"protein_sequence": sequence, "protein_structure": structure}
    return TokenRecord("made", "p1", "protein", "train", {"name": "a protein"}, tokens)


def made(record: TokenRecord, means: dict[str, float], seed: int = 0) -> list[Document]:
    found = documents(record, means, repeat=1.0, seed=seed, max_tokens=512)
    return [entry for entry in found if isinstance(entry, Document)]


def test_documents_repeat_exactly_and_differ_by_seed() -> None:
    means = {"molecule_mixed": 5.0, "describe_molecule": 5.0}
    assert made(molecule(), means) == made(molecule(), means)
    assert made(molecule(), means) != made(molecule(), means, seed=1)


def test_a_view_more_changes_no_other_document() -> None:
    alone = made(molecule(), {"molecule_mixed": 3.0})
    among = made(molecule(), {"molecule_selfies": 2.0, "molecule_mixed": 3.0, "name_molecule": 1.0})
    assert [entry for entry in among if entry.view == "molecule_mixed"] == alone


def test_the_mean_number_of_documents_is_the_one_asked_for() -> None:
    counts = [drawn(1.3, Random(i)) for i in range(4000)]
    assert set(counts) == {1, 2}
    assert 1.27 < sum(counts) / len(counts) < 1.33


def test_a_record_gives_only_views_it_has() -> None:
    means = dict.fromkeys(VIEWS, 1.0)
    views = {entry.view for entry in made(molecule(), means)}
    assert views <= {"molecule_smiles", "molecule_selfies", "molecule_mixed"}
    assert {"molecule_smiles", "molecule_selfies"} <= views


def test_the_joint_view_holds_both_in_either_order() -> None:
    orders = Counter()
    for copy in range(60):
        entry = document(protein(), "protein_joint", seed=0, copy=copy, max_tokens=512)
        assert entry is not None
        segments = [part.item for part in entry.parts if isinstance(part.item, Tokens)]
        orders[tuple(segment.modality for segment in segments)] += 1
        assert entry.parts[-1].item == Control("<|endoftext|>")
    assert set(orders) == {("protein_sequence", "protein_structure"), ("protein_structure", "protein_sequence")}
    assert min(orders.values()) > 15


def test_long_chains_are_cut_to_a_window_alone_and_left_out_together() -> None:
    long = protein(600)
    starts = set()
    for copy in range(20):
        entry = document(long, "protein_structure", seed=0, copy=copy, max_tokens=100)
        assert entry is not None
        segment = entry.parts[0].item
        assert isinstance(segment, Tokens)
        assert len(segment.tokens) == 97
        starts.add(segment.tokens[0])
    assert len(starts) > 5
    with pytest.raises(LimitError, match="1205 tokens"):
        document(long, "protein_joint", seed=0, copy=0, max_tokens=100)


def test_parts_of_a_composition_enter_with_their_probability_in_any_order() -> None:
    values = {"molecule_selfies": Tokens("molecule_selfies", ["[C]"]), "name": "methane", "weight": "16.0"}
    rng = Random(3)
    composed = [compose(MOLECULE_PARTS, values, rng) for _ in range(3000)]
    kept = [items for items in composed if items is not None]
    with_name = sum(any(str(item).startswith("Name: ") for item in items) for items in kept)
    # a document needs SELFIES (0.6) and one of name (0.8) and weight (0.3)
    assert abs(len(kept) / 3000 - 0.6 * (1 - 0.2 * 0.7)) < 0.03
    assert abs(with_name / 3000 - 0.6 * 0.8) < 0.03
    assert {isinstance(items[0], str) for items in kept} == {True, False}
