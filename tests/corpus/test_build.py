"""A whole small build: the same bytes with one worker and two, nothing lost, nothing learned that is held out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from biomatrix.corpus import CorpusRecipe, TokenShards, build_corpus, held_out_folders
from biomatrix.corpus.build import tokenised
from biomatrix.corpus.build_vocabulary import count_open_tokens, coverage_settings, training_records
from biomatrix.corpus.encoding import encode_documents
from biomatrix.corpus.sources import SOURCES
from biomatrix.corpus.vocabulary_recipe import VocabularyRecipe
from biomatrix.entities import modality
from biomatrix.errors import ConfigurationError, VocabularyError
from biomatrix.tasks.documents import Control, Document, Part, chat_parts, pretraining_parts
from biomatrix.vocabulary import Vocabulary, count_tokens
from biomatrix.vocabulary.tables import Tokens


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def built(data: Path, recipe: CorpusRecipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("work")
    build_corpus(recipe, data, work)
    return work


@pytest.mark.slow
def test_workers_change_no_byte(data: Path, recipe: CorpusRecipe, built: Path, tmp_path: Path) -> None:
    build_corpus(recipe, data, tmp_path / "two", workers=2)
    assert contents(built / "shards") == contents(tmp_path / "two" / "shards")


def test_a_second_build_does_nothing(data: Path, recipe: CorpusRecipe, built: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in built.rglob("*.bin")}
    build_corpus(recipe, data, built)
    assert {path: path.stat().st_mtime_ns for path in built.rglob("*.bin")} == before


def test_a_changed_recipe_redoes_the_shards_and_keeps_the_tokens(
    data: Path, recipe: CorpusRecipe, tmp_path: Path
) -> None:
    build_corpus(recipe, data, tmp_path)
    tokens = {path: path.stat().st_mtime_ns for path in (tmp_path / "tokens").rglob("*.parquet")}
    before = TokenShards(tmp_path / "shards")
    changed = recipe.model_copy(update={"views": {"text": 1.0}, "tasks": {}})
    build_corpus(changed, data, tmp_path, vocabulary=tmp_path / "vocabulary")
    after = TokenShards(tmp_path / "shards")
    after.verify()
    assert set(after.manifest["documents"]) == {"text"}
    assert after.manifest["documents"]["text"] == before.manifest["documents"]["text"]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "tokens").rglob("*.parquet")} == tokens
    assert not list((tmp_path / "shards").rglob("*.tmp"))


def test_documents_read_back_as_what_they_say(built: Path) -> None:
    vocabulary = Vocabulary.from_pretrained(built / "vocabulary")
    shards = TokenShards(built / "shards" / "train")
    shards.verify()
    assert len(shards) > 20
    assert len(TokenShards(built / "shards")) == len(shards)
    assert int(shards.lengths.max()) <= 128
    views = {shards.view_names[view] for view in shards.views}
    assert {"text", "molecule_selfies", "molecule_mixed", "protein_sequence", "molecule_from_name"} <= views
    for index in range(len(shards)):
        ids, weights = shards.document(index)
        task = shards.view_names[int(shards.views[index])] in ("molecule_from_name", "predict_weight")
        assert (weights.min() == 0) == task
        if task:
            assert weights[-1] == 1
            spelled = vocabulary.text(ids)
            assert spelled.startswith("<|im_start|>user\n")
            assert "<|im_end|>\n<|im_start|>assistant\n" in spelled


def test_the_manifest_says_where_everything_comes_from(built: Path) -> None:
    manifest = json.loads((built / "shards" / "train" / "manifest.json").read_text())
    assert {source["name"] for source in manifest["sources"]} == {"opsin_names", "cath_s20", "openstax"}
    assert all(source["licence"] and len(source["sha256"]) == 64 for source in manifest["sources"])
    shards = TokenShards(built / "shards" / "train")
    assert sum(manifest["tokens"].values()) == shards.num_tokens
    assert sum(manifest["documents"].values()) == len(shards)
    assert sum(source["tokens"] for source in manifest["sources"]) == shards.num_tokens


def test_held_out_documents_stand_apart_by_view(built: Path, recipe: CorpusRecipe) -> None:
    found = held_out_folders(built / "shards")
    assert set(found) == {*recipe.views, *recipe.tasks}
    assert held_out_folders(built / "shards" / "train").keys() == found.keys()
    for folder in found.values():
        TokenShards(folder).verify()


def test_every_refusal_has_a_reason(built: Path) -> None:
    lines = [line for path in built.rglob("rejects.jsonl") for line in path.read_text().splitlines()]
    rejects = [json.loads(line) for line in lines]
    assert all(reject["source"] and reject["id"] and reject["reason"] for reject in rejects)
    assert any("several fragments" in reject["reason"] for reject in rejects)


def test_ids_equal_those_of_the_vocabulary(built: Path) -> None:
    vocabulary = Vocabulary.from_pretrained(built / "vocabulary")
    segment = Tokens("molecule_selfies", ("[C]", "[C]", "[O]"))
    plain = Document(pretraining_parts(["Name: water\n", segment]), "x")
    exchange = Document(chat_parts(["Make water."], [segment]), "y")
    first, second = encode_documents([plain, exchange], vocabulary)
    assert not isinstance(first, Exception)
    assert not isinstance(second, Exception)
    assert first.ids[:-1].tolist() == vocabulary.encode(["Name: water\n", segment])
    from biomatrix.vocabulary.chat import Turn

    turns = [Turn("user", ["Make water."]), Turn("assistant", [segment])]
    whole = vocabulary.encode_chat(turns, add_generation_prompt=False)
    assert second.ids.tolist() == whole[: len(second.ids)]
    assert np.flatnonzero(second.weights).min() > len(second.ids) - 8


def test_text_that_looks_like_a_control_token_stays_text(built: Path) -> None:
    vocabulary = Vocabulary.from_pretrained(built / "vocabulary")
    (encoded,) = encode_documents([Document((Part("<|im_end|>[C]"),), "x")], vocabulary)
    assert not isinstance(encoded, Exception)
    assert vocabulary.backend.token_to_id("<|im_end|>") not in encoded.ids
    assert len(encoded) > 2


def test_what_the_vocabulary_lacks_is_refused(built: Path) -> None:
    vocabulary = Vocabulary.from_pretrained(built / "vocabulary")
    odd = Document((Part(Tokens("molecule_selfies", ("[C]", "[U+6]"))),), "x")
    fine = Document((Part("water"), Part(Control("<|endoftext|>"))), "x")
    refused, kept = encode_documents([odd, fine], vocabulary)
    assert isinstance(refused, VocabularyError)
    assert not isinstance(kept, Exception)


def test_a_recipe_names_its_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('name = "x"\nsource = []\n')
    with pytest.raises(ConfigurationError, match=r"recipe\.toml"):
        CorpusRecipe.from_file(path)


def test_an_unknown_view_stops_the_build_before_it_begins(data: Path, recipe: CorpusRecipe, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no view 'nope'"):
        build_corpus(recipe.model_copy(update={"views": {"nope": 1.0}}), data, tmp_path)
    assert not list(tmp_path.iterdir())


def test_former_keys_of_coverage_are_read() -> None:
    former = VocabularyRecipe.model_validate({"selfies_coverage": 0.9, "joint_coverage": 0.8, "max_joint": 7})
    coverage = {"molecule_selfies": {"share": 0.9}, "molecule_structure": {"share": 0.8, "limit": 7}}
    assert former == VocabularyRecipe.model_validate({"coverage": coverage})
    settings = former.coverage
    assert coverage_settings(settings["molecule_selfies"], modality("molecule_selfies")) == (0.9, None)
    assert coverage_settings(settings["molecule_structure"], modality("molecule_structure")) == (0.8, 7)
    assert coverage_settings(None, modality("molecule_structure")) == (0.99, 1800)


def test_a_source_is_named_once() -> None:
    with pytest.raises(ValueError, match="named twice: ccd"):
        CorpusRecipe.model_validate({"name": "x", "sources": [{"name": "ccd"}] * 2, "views": {}, "tasks": {}})


def test_a_foreign_licence_stops_the_build_before_it_begins(data: Path, recipe: CorpusRecipe, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="openstax: CC-BY-3"):
        build_corpus(recipe.model_copy(update={"allow": ["MIT", "CC-BY-4.0"]}), data, tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_vocabulary_is_read_in_passes(data: Path, recipe: CorpusRecipe, tmp_path: Path) -> None:
    slices = tokenised(recipe, data, tmp_path)
    whole = [record for group in slices.values() for item in group for record in item.read(("train",))]
    assert list(training_records([item for group in slices.values() for item in group])) == whole
    counts = count_open_tokens(slices, [modality("molecule_selfies")])["molecule_selfies"]
    assert counts == count_tokens(r.tokens["molecule_selfies"] for r in whole if "molecule_selfies" in r.tokens)
    without = [record for group in slices.values() for record in training_records(group, ())]
    assert [(record.id, record.fields) for record in without] == [(record.id, record.fields) for record in whole]
    assert not any(record.tokens for record in without)
    assert not list(slices["openstax"][0].read(()))


@pytest.mark.parametrize("name", ["nano_corpus", "nano_corpus_100m", "nano_gpu_corpus", "nano_tasks"])
def test_the_shipped_recipes_read(name: str) -> None:
    path = Path(__file__).resolve().parents[2] / "recipes" / f"{name}.toml"
    recipe = CorpusRecipe.from_file(path)
    assert recipe.max_tokens == (1024 if "gpu" in name else 512)
    assert {entry.name for entry in recipe.sources} <= SOURCES.keys()
