"""A kind from outside the package through a corpus that a recipe alone describes, training and the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from biomatrix.corpus import CorpusRecipe, TokenShards, build_corpus, held_out_folders
from biomatrix.doctor.roundtrips import examine_round_trips
from biomatrix.doctor.vocabularies import examine_vocabulary
from biomatrix.entities import Kind, modality
from biomatrix.training.config import Recipe
from biomatrix.training.pretraining import pretrain
from biomatrix.vocabulary import Vocabulary

from ..training.documents import recipe_values
from .test_toy_kind import MODALITIES, command

SOURCE = {"name": "beach", "reader": "pebble", "files": ["beach.pebble"], "kind": "pebble", "licence": ["CC0-1.0"]}


@pytest.fixture(scope="module")
def corpus(pebble: Kind, beach: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of the beach, from a recipe alone."""
    recipe = CorpusRecipe.model_validate(
        {
            "name": "pebbles",
            "max_tokens": 64,
            "sources": [SOURCE],
            "views": {view.name: 20.0 for view in pebble.views},
            "tasks": {},
            "modalities": list(MODALITIES),
            "vocabulary": {"text_entries": 400},
        }
    )
    work = tmp_path_factory.mktemp("corpus")
    build_corpus(recipe, beach.parent, work)
    return work


def test_records_become_shards(pebble: Kind, corpus: Path) -> None:
    train = corpus / "shards" / "train"
    vocabulary = Vocabulary.from_pretrained(corpus / "vocabulary")
    views = set()
    for folder in (train, *held_out_folders(train).values()):  # the row with places falls on the held-out side
        shards = TokenShards(folder)
        shards.verify()
        views |= {shards.view_names[view] for view in shards.views}
        for index in range(len(shards)):
            decoded = vocabulary.decode(shards.document(index)[0].tolist(), skip_special=True)
            assert {getattr(value, "kind", value) for value in decoded} == {"pebble"}
    assert views == {view.name for view in pebble.views}
    assert len(TokenShards(train)) > 10


def test_shards_train_a_model_that_answers(
    pebble: Kind, corpus: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    recipe = {
        "model": {**recipe_values(tmp_path)["model"], "vocabulary": str(corpus / "vocabulary")},
        "data": {"train": str(corpus / "shards" / "train")},
        "batches": {"tokens": 64, "max_length": 32, "buckets": [16], "window": 8, "accumulate": 1},
        "optimiser": {"peak_lr": 3e-3, "warmup_steps": 1},
        "run": {"output": str(tmp_path / "run"), "max_steps": 2, "precision": "fp32", "log_every": 1},
    }
    assert pretrain(Recipe.model_validate(recipe)).step == 2
    folder = str(tmp_path / "run" / "model")
    said = command(
        environment, "generate", "Like", "--entity", "pebble=1234", "--model", folder, "--as", "pebble_sequence",
        "--answer", "pebble_sequence", "--length", "5", "--json",
    )  # fmt: skip
    (answer,) = json.loads(said)
    assert answer["entity"]["kind"] == "pebble"
    assert len(answer["entity"]["written"]) == 5
    assert {finding.status for finding in examine_vocabulary(folder)} == {"ok"}


def test_the_doctor_examines_codes_that_need_no_folder(pebble: Kind) -> None:
    subjects = [finding.subject for finding in examine_round_trips() if finding.status == "ok"]
    for name in MODALITIES:
        assert any(modality(name).name in subject for subject in subjects)
