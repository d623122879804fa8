"""Records of several entities through the whole build: tokens of every part, documents, vocabulary, held-out split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from biomatrix.corpus import CorpusRecipe, TokenShards, build_corpus, is_held_out
from biomatrix.corpus.build import tokenised
from biomatrix.corpus.records import records_from_table, records_to_table
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources import register_source, unregister_source
from biomatrix.corpus.vocabulary_recipe import VocabularyRecipe
from biomatrix.entities import Molecule, Protein, modality
from biomatrix.vocabulary import Vocabulary

from .interactions import Interactions

FLAT = ["molecule_smiles", "molecule_selfies", "protein_sequence"]
VIEWS = {"ligand_protein": 2.0, "protein_pair": 2.0}
TASKS = {"predict_ligand_affinity": 1.0, "proteins_interact": 1.0}


@pytest.fixture
def joined() -> Iterator[Callable[[bool], None]]:
    def join(structure: bool) -> None:
        register_source("interactions", lambda root: Interactions(root, structure=structure))

    yield join
    unregister_source("interactions")


def recipe(views: dict[str, float], tasks: dict[str, float], modalities: list[str]) -> CorpusRecipe:
    return CorpusRecipe(
        name="bound",
        max_tokens=256,
        slice_rows=7,
        sources=[SourceRecipe(name="interactions")],
        views=views,
        tasks=tasks,
        modalities=modalities,
        vocabulary=VocabularyRecipe(text_entries=400),
    )


def texts(folder: Path, vocabulary: Path) -> dict[str, list[str]]:
    """Return the documents of a corpus by view, as text."""
    shards, words = TokenShards(folder), Vocabulary.from_pretrained(vocabulary)
    found: dict[str, list[str]] = {name: [] for name in shards.view_names}
    for index in range(len(shards)):
        ids = shards.document(index)[0].tolist()
        found[shards.view_names[int(shards.views[index])]].append(words.backend.decode(ids, skip_special_tokens=False))
    return found


def test_parts_keep_their_frame_exactly(tmp_path: Path) -> None:
    source = Interactions(tmp_path, structure=True)
    before = [source.record(*row) for row in source.rows()][:6]
    for one, other in zip(before, records_from_table(records_to_table(before)), strict=True):
        assert one.parts.keys() == other.parts.keys()
        for role, entity in one.parts.items():
            back = other.parts[role]
            if isinstance(entity, Protein):
                assert np.array_equal(entity.backbone, back.backbone)
            elif isinstance(entity, Molecule):
                assert np.array_equal(entity.coordinates, back.coordinates)


def test_tokens_are_those_of_each_part_and_splits_those_of_all(joined: Callable[[bool], None], tmp_path: Path) -> None:
    joined(False)
    slices = tokenised(recipe(VIEWS, TASKS, FLAT), tmp_path, tmp_path / "work")
    source = Interactions(tmp_path)
    made = {name: source.record(name, row) for name, row in source.rows()}
    read = [one for item in slices["interactions"] for one in item.read(("train", "held_out"))]
    assert [one.id for one in read] == list(made)
    for one in read:
        record = made[one.id]
        assert not one.tokens
        assert {role: part.kind for role, part in one.parts.items()} == {
            role: entity.kind for role, entity in record.parts.items()
        }
        for role, entity in record.parts.items():
            for name in one.parts[role].tokens:
                assert "".join(one.parts[role].tokens[name]) == "".join(modality(name).encode(entity))
        assert (one.split == "held_out") == any(map(is_held_out, record.parts.values()))
    assert {len(one.parts["ligand"].tokens) for one in read if "ligand" in one.parts} == {2}
    names = [
        [name for name, _ in one.written()] for item in slices["interactions"] for one in item.read(("train",), ())
    ]
    assert not any(names), "tokens that are not asked for are not read"


def test_documents_hold_every_partner(joined: Callable[[bool], None], tmp_path: Path) -> None:
    joined(False)
    work = tmp_path / "work"
    found = texts(build_corpus(recipe(VIEWS, TASKS, FLAT), tmp_path, work), work / "vocabulary")
    assert set(found) == {*VIEWS, *TASKS}
    for text in found["ligand_protein"]:
        assert text.count("<|prot_aa_start|>") == 1
        assert text.count("<|mol_smi_start|>") + text.count("<|mol_sfi_start|>") in (1, 2)
    assert all(text.count("<|prot_aa_start|>") == 2 for text in found["protein_pair"])
    assert any("Affinity (pK):" in text for text in found["ligand_protein"])
    assert all(text.split("assistant\n")[1].split("<|")[0] in ("yes", "no") for text in found["proteins_interact"])
    numbers = [float(text.split("assistant\n")[1].split("<|")[0]) for text in found["predict_ligand_affinity"]]
    assert max(numbers) > 5


@pytest.mark.slow
def test_structures_of_all_parts_stand_in_the_documents(joined: Callable[[bool], None], tmp_path: Path) -> None:
    joined(True)
    work = tmp_path / "work"
    views = {"ligand_protein_3d": 1.0, "protein_pair_3d": 1.0}
    everything = recipe(views, {}, [*FLAT, "molecule_structure", "protein_structure"])
    vocabulary = VocabularyRecipe(text_entries=400, coverage={"molecule_structure": {"share": 0.999999, "limit": 9999}})
    everything = everything.model_copy(update={"vocabulary": vocabulary})
    found = texts(build_corpus(everything, tmp_path, work), work / "vocabulary")
    assert set(found) == set(views)
    assert all("<|mol_3d_start|>" in text and "<|prot_3d_start|>" in text for text in found["ligand_protein_3d"])
    assert all(text.count("<|prot_3d_start|>") == 2 for text in found["protein_pair_3d"])
