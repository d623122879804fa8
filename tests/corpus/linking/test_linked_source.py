"""A source of texts whose recipe links them: interleaved records, whole builds, refusals that say why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from biomatrix.corpus import CorpusRecipe, TokenShards, build_corpus, is_held_out
from biomatrix.corpus.link_recipe import LinkRecipe
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources import Source, open_source
from biomatrix.corpus.vocabulary_recipe import VocabularyRecipe
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.vocabulary import Vocabulary

from .conftest import written_tables

TEXTS = [
    {"id": "1", "words": "We gave ethanol and urea; more ethanol, and twin."},
    {"id": "2", "words": "Nothing is named here."},
    {"id": "3", "words": ""},
    {"id": "4", "words": "Madeup kinase and broken ring."},
]


def entry(folder: Path, **link: object) -> SourceRecipe:
    (folder / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in TEXTS))
    linker = LinkRecipe(linker="dictionary", entities=written_tables(folder), **link)
    return SourceRecipe(
        name="notes",
        reader="jsonl",
        files=["texts.jsonl"],
        id="id",
        fields={"words": "text"},
        licence=["MIT"],
        link=linker,
    )


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return open_source(entry(tmp_path, batch=3), tmp_path)


def test_texts_that_name_entities_become_interleaved_records(source: Source) -> None:
    rows = dict(source.rows())
    first = source.record("1", rows["1"])
    assert (first.kind, list(first.parts)) == ("interleaved", ["molecule_1", "molecule_2"])
    assert [place.role for place in first.places] == ["molecule_1", "molecule_2", "molecule_1"]
    assert [first.fields["text"][place.start : place.end] for place in first.places] == ["ethanol", "urea", "ethanol"]
    assert list(source.left_out(first)) == ["a mention is not linked: the name stands for several entities"]
    assert (first.split == "held_out") == any(map(is_held_out, first.parts.values()))
    assert source.record("2", rows["2"]).kind == "text"
    with pytest.raises(ParseError, match="no value"):
        source.record("3", rows["3"])
    last = source.record("4", rows["4"])
    assert list(last.parts) == ["protein_1"]
    assert "cannot be read" in next(source.left_out(last))


def test_slices_of_any_size_give_the_same_records(source: Source) -> None:
    whole = dict(source.rows())
    for size in (1, 2, 5):
        cut = {name: row for shard in source.shards(size) for name, row in source.read(shard)}
        assert str(cut) == str(whole)


def test_what_is_linked_is_part_of_the_fingerprint(source: Source, tmp_path: Path) -> None:
    again = open_source(entry(tmp_path, batch=64), tmp_path)
    assert again.fingerprint == source.fingerprint, "the batch changes nothing"
    assert open_source(entry(tmp_path, stop=["urea"]), tmp_path).fingerprint != source.fingerprint
    (tmp_path / "proteins.tsv").write_text("acc\tsequence\tnames\n1\tMK\tother\n")
    changed = open_source(source.inner.entry.model_copy(update={"link": source.recipe}), tmp_path)
    assert changed.fingerprint != source.fingerprint


def test_a_build_writes_entities_behind_their_names(tmp_path: Path) -> None:
    recipe = CorpusRecipe(
        name="linked",
        max_tokens=128,
        sources=[entry(tmp_path)],
        views={"interleaved": 3.0, "text": 1.0},
        modalities=["molecule_smiles", "molecule_selfies", "protein_sequence"],
        vocabulary=VocabularyRecipe(text_entries=320),
    )
    work = tmp_path / "work"
    corpus = build_corpus(recipe, tmp_path, work)
    words = Vocabulary.from_pretrained(work / "vocabulary")
    shards = [TokenShards(path) for path in (corpus, work / "shards" / "heldout_interleaved")]
    texts = [
        words.backend.decode(one.document(i)[0].tolist(), skip_special_tokens=False)
        for one in shards
        for i in range(len(one))
    ]
    assert any("Madeup kinase <|prot_aa_start|>" in text for text in texts)
    assert any("urea <|mol_s" in text for text in texts)
    assert not any("more ethanol <|" in text for text in texts)
    rejects = (path.read_text() for path in (work / "records").rglob("rejects.jsonl"))
    assert "stands for several entities" in "".join(rejects)


def test_descriptions_that_cannot_work_are_refused(tmp_path: Path) -> None:
    tables = written_tables(tmp_path)
    for wrong in (
        {"linker": "pubtator", "entities": tables},
        {"linker": "dictionary", "entities": tables, "files": ["x"]},
        {"linker": "guess", "entities": tables},
        {"linker": "bern2", "entities": tables, "url": "file:///etc/passwd"},
        {"linker": "bern2", "entities": [tables[0].model_copy(update={"id": None})]},
        {"linker": "dictionary", "entities": []},
    ):
        with pytest.raises(ValidationError):
            LinkRecipe.model_validate(wrong)
    missing = entry(tmp_path)
    (tmp_path / "proteins.tsv").unlink()
    with pytest.raises(ConfigurationError, match="no file matches"):
        open_source(missing, tmp_path)
