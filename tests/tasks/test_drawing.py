"""What is drawn for a document depends on its record, view and copy, and on nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from biomatrix.errors import ConfigurationError, LimitError
from biomatrix.tasks import Task, task, view, view_names
from biomatrix.tasks.composition import compose
from biomatrix.tasks.documents import Control, Document, Part
from biomatrix.tasks.drawing import Draw, document, documents, drawn, has_view
from biomatrix.tasks.registry import draws
from biomatrix.tasks.views import DocumentView
from biomatrix.vocabulary.tables import Tokens

from .conftest import Written


def all_drawn(record: Written, chosen: tuple[Draw, ...], seed: int = 0) -> list[Document]:
    found = documents(record, chosen, repeat=1.0, seed=seed, max_tokens=512)
    return [entry for entry in found if isinstance(entry, Document)]


def test_documents_repeat_exactly_and_differ_by_seed(molecule: Written) -> None:
    chosen = draws({"molecule_mixed": 5.0}, {"describe_molecule": 5.0})
    assert all_drawn(molecule, chosen) == all_drawn(molecule, chosen)
    assert all_drawn(molecule, chosen) != all_drawn(molecule, chosen, seed=1)


def test_another_view_changes_no_other_document(molecule: Written) -> None:
    alone = all_drawn(molecule, draws({"molecule_mixed": 3.0}, {}))
    among = all_drawn(molecule, draws({"molecule_selfies": 2.0, "molecule_mixed": 3.0}, {"name_molecule": 1.0}))
    assert [entry for entry in among if entry.view == "molecule_mixed"] == alone


def test_a_registered_task_is_drawn_and_changes_no_other_document(
    molecule: Written, joined: Callable[[Task], Task]
) -> None:
    before = all_drawn(molecule, draws({"molecule_mixed": 3.0}, {"name_molecule": 2.0}))
    joined(Task("greet_molecule", ("Greet {molecule}",), "Hello, {name}."))
    after = all_drawn(molecule, draws({"molecule_mixed": 3.0}, {"greet_molecule": 1.0, "name_molecule": 2.0}))
    assert [entry for entry in after if entry.view != "greet_molecule"] == before
    (greeting,) = (entry for entry in after if entry.view == "greet_molecule")
    assert [part.item for part in greeting.parts if part.learn] == ["Hello, ethanol.", Control("<|im_end|>")]


def test_the_mean_number_of_documents_is_the_one_asked_for() -> None:
    counts = [drawn(1.3, Random(i)) for i in range(4000)]
    assert set(counts) == {1, 2}
    assert 1.27 < sum(counts) / len(counts) < 1.33


def test_a_record_gives_only_views_it_has(molecule: Written) -> None:
    views = {entry.view for entry in all_drawn(molecule, draws(dict.fromkeys(view_names(), 1.0), {}))}
    assert views <= {"molecule_smiles", "molecule_selfies", "molecule_mixed"}
    assert {"molecule_smiles", "molecule_selfies"} <= views


def test_a_placeholder_named_like_a_kind_stands_for_any_modality_of_the_record(
    molecule: Written, protein: Callable[[int], Written]
) -> None:
    describe = Task("describe", ("Describe {molecule}",), "{name}")
    written = Counter(
        part.item.modality
        for copy in range(60)
        for part in (document(molecule, describe, seed=0, copy=copy, max_tokens=512) or pytest.fail("none")).parts
        if isinstance(part.item, Tokens)
    )
    assert set(written) == set(molecule.tokens)
    assert min(written.values()) > 15
    assert has_view(protein(5), describe)
    assert document(protein(5), describe, seed=0, copy=0, max_tokens=512) is None
    chain = Task("describe_chain", ("Describe {protein}",), "{name}")
    assert document(protein(5), chain, seed=0, copy=0, max_tokens=512) is not None


def test_the_joint_view_holds_both_in_either_order(protein: Callable[[int], Written]) -> None:
    orders = Counter()
    for copy in range(60):
        entry = document(protein(30), view("protein_joint"), seed=0, copy=copy, max_tokens=512)
        assert entry is not None
        segments = [part.item for part in entry.parts if isinstance(part.item, Tokens)]
        orders[tuple(segment.modality for segment in segments)] += 1
        assert entry.parts[-1].item == Control("<|endoftext|>")
    assert set(orders) == {("protein_sequence", "protein_structure"), ("protein_structure", "protein_sequence")}
    assert min(orders.values()) > 15


def test_long_chains_are_cut_to_a_window_alone_and_left_out_together(protein: Callable[[int], Written]) -> None:
    long = protein(600)
    starts = set()
    for copy in range(20):
        entry = document(long, view("protein_structure"), seed=0, copy=copy, max_tokens=100)
        assert entry is not None
        segment = entry.parts[0].item
        assert isinstance(segment, Tokens)
        assert len(segment.tokens) == 97
        starts.add(segment.tokens[0])
    assert len(starts) > 5
    with pytest.raises(LimitError, match="1205 tokens"):
        document(long, view("protein_joint"), seed=0, copy=0, max_tokens=100)


def test_a_view_of_any_kind_is_read_from_data_alone() -> None:
    shell = DocumentView("shell_joint", "shell", "joint", ("molecule_selfies", "protein_sequence"))
    record = Written("s", "shell", tokens={"molecule_selfies": ("[C]",), "protein_sequence": ("<A A>",)})
    entry = document(record, shell, seed=0, copy=0, max_tokens=20)
    assert entry is not None
    assert {part.item.modality for part in entry.parts if isinstance(part.item, Tokens)} == set(record.tokens)
    assert document(Written("s", "shell"), shell, seed=0, copy=0, max_tokens=20) is None


def test_text_is_a_view_of_records_without_an_entity() -> None:
    entry = document(Written("t", "text", {"text": "Water boils."}), view("text"), seed=0, copy=0, max_tokens=20)
    assert entry is not None
    assert entry.parts == (Part("Water boils."), Part(Control("<|endoftext|>")))
    assert document(Written("t", "text"), view("text"), seed=0, copy=0, max_tokens=20) is None


def test_parts_of_a_composition_enter_with_their_probability_in_any_order() -> None:
    mixed = view("molecule_mixed")
    values = {"molecule_selfies": Tokens("molecule_selfies", ["[C]"]), "name": "methane", "weight": "16.0"}
    rng = Random(3)
    composed = [compose(mixed.parts, mixed.labels, values, rng) for _ in range(3000)]
    kept = [items for items in composed if items is not None]
    with_name = sum(any(str(item).startswith("Name: ") for item in items) for items in kept)
    # a document needs SELFIES (0.6) and one of name (0.8) and weight (0.3)
    assert abs(len(kept) / 3000 - 0.6 * (1 - 0.2 * 0.7)) < 0.03
    assert abs(with_name / 3000 - 0.6 * 0.8) < 0.03
    assert {isinstance(items[0], str) for items in kept} == {True, False}


def test_a_name_that_a_recipe_draws_and_nothing_defines_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="no view 'moecule_smiles'"):
        draws({"moecule_smiles": 1.0}, {})
    with pytest.raises(ConfigurationError, match="no task 'text'"):
        draws({}, {"text": 1.0})
    assert task("fold_protein").needs == {"protein_sequence", "protein_structure"}


def test_copies_that_are_too_long_are_told_and_lose_no_other(molecule: Written) -> None:
    chosen = draws({"molecule_mixed": 40.0}, {})
    longest = 5
    found = list(documents(molecule, chosen, repeat=1.0, seed=0, max_tokens=longest))
    refused = [i for i, entry in enumerate(found) if not isinstance(entry, Document)]
    assert refused
    assert any(isinstance(entry, Document) for entry in found[refused[0] :])
    alone = [drawn_alone(molecule, copy, longest) for copy in range(40)]
    assert [isinstance(entry, Document) for entry in found] == [
        isinstance(entry, Document) for entry in alone if entry is not None
    ]


def drawn_alone(record: Written, copy: int, longest: int) -> Document | LimitError | None:
    try:
        return document(record, view("molecule_mixed"), seed=0, copy=copy, max_tokens=longest)
    except LimitError as error:
        return error
