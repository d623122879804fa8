"""What a build takes over from an earlier one over the same folder, and what it does not."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from biomatrix.corpus import CorpusRecipe, build_corpus
from biomatrix.corpus.build import tokenised
from biomatrix.corpus.build_records import build_records, source_shards
from biomatrix.corpus.records import read_batches
from biomatrix.corpus.saved_vocabulary import ORIGIN
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources import open_source
from biomatrix.corpus.vocabulary_recipe import VocabularyRecipe

ENTRY = SourceRecipe(name="s", reader="smi", kind="molecule", files=["*.smi"], licence=["MIT"])
LONG_AGO = 10_000.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder of two small files."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.smi").write_text("CCO a\nCCC b\n")
    (tmp_path / "data" / "b.smi").write_text("CCN c\n")
    return tmp_path


def recipe(**values: object) -> CorpusRecipe:
    settings = {"modalities": ["molecule_selfies"], "views": {"molecule_selfies": 1.0}, "tasks": {}}
    vocabulary = VocabularyRecipe(text_entries=300)
    return CorpusRecipe.model_validate(
        {"name": "x", "sources": [ENTRY], "vocabulary": vocabulary, **settings, **values}
    )


def ids(folder: Path, size: int = 5000) -> list[list[str]]:
    """Return the ids of the records of each slice."""
    slices = build_records([ENTRY], folder / "data", folder / "work", size=size, allow=["MIT"])["s"]
    return [
        [name for batch in read_batches(item.folder / "records.parquet") for name in batch.column("id").to_pylist()]
        for item in slices
    ]


def test_builds_with_slices_of_different_length_share_a_folder(folder: Path) -> None:
    first = tokenised(recipe(slice_rows=1), folder / "data", folder / "work")["s"]
    for path in (folder / "work").rglob("*"):
        os.utime(path, (time.time() - LONG_AGO,) * 2)
    second = tokenised(recipe(slice_rows=2), folder / "data", folder / "work")["s"]
    read = [[record.id for item in group for record in item.read(("train", "held_out"))] for group in (first, second)]
    assert read[0] == read[1] == ["a", "b", "c"]
    assert [item.name for item in first] == ["00000", "00001", "00002"]
    assert not {item.records for item in first} & {item.records for item in second}


def test_a_changed_file_is_seen_within_a_process(folder: Path) -> None:
    assert ids(folder) == [["a", "b"], ["c"]]
    (folder / "data" / "b.smi").write_text("CCN c\nCCCN d\n")
    assert ids(folder) == [["a", "b"], ["c", "d"]]


def test_a_row_that_moves_to_another_file_changes_the_fingerprint(folder: Path) -> None:
    before = open_source(ENTRY, folder / "data").fingerprint
    (folder / "data" / "a.smi").write_text("CCO a\n")
    (folder / "data" / "b.smi").write_text("CCC b\nCCN c\n")
    assert open_source(ENTRY, folder / "data").fingerprint != before
    assert ids(folder) == [["a"], ["b", "c"]]


def test_an_index_that_cannot_be_read_is_made_again(folder: Path) -> None:
    source = open_source(ENTRY, folder / "data")
    shards = source_shards(source, folder / "work", 2)
    (path,) = (folder / "work" / "index").iterdir()
    path.write_text("[[0, 0")
    assert source_shards(source, folder / "work", 2) == shards
    assert len(json.loads(path.read_text())) == len(shards)


def test_a_vocabulary_of_other_settings_or_data_is_built_anew(folder: Path) -> None:
    def entries(used: CorpusRecipe, vocabulary: Path | None = None) -> bytes:
        build_corpus(used, folder / "data", folder / "work", vocabulary=vocabulary)
        return (folder / "work" / "vocabulary" / "tokenizer.json").read_bytes()

    first = entries(recipe())
    changed = folder / "work" / "vocabulary" / "tokenizer.json"
    stamp = changed.stat().st_mtime_ns
    assert entries(recipe(seed=5)) == first
    assert changed.stat().st_mtime_ns == stamp
    larger = recipe(vocabulary=VocabularyRecipe(text_entries=320))
    assert entries(larger, folder / "work" / "vocabulary") == first
    assert entries(larger) != first
    (folder / "work" / "vocabulary" / ORIGIN).unlink()
    assert entries(recipe()) == first
    (folder / "data" / "b.smi").write_text("C[Se]C c\n")
    assert b"[Se]" in entries(recipe())
