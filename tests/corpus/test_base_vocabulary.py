"""A corpus whose tokens are added to a tokenizer that a model has already."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from biomatrix.corpus import CorpusRecipe, build_corpus
from biomatrix.corpus.shards import TokenShards
from biomatrix.corpus.vocabulary_recipe import VocabularyRecipe
from biomatrix.errors import BioMatrixError
from biomatrix.vocabulary import Vocabulary, base_tokenizer, train_byte_bpe

SENTENCE = "Water boils at 100 degrees and its vapour rises from the flask."
ROWS = 512


@pytest.fixture
def base(data: Path) -> Path:
    """The folder of a tokenizer beside the configuration of its model, in the data folder."""
    folder = data / "tokenizer_of_a_model"
    train_byte_bpe([SENTENCE], 300).save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps({"vocab_size": ROWS}))
    return folder


def on_base(recipe: CorpusRecipe, base: str | Path) -> CorpusRecipe:
    return recipe.model_copy(update={"vocabulary": VocabularyRecipe(base=str(base))})


def test_tokens_follow_those_of_the_base(data: Path, recipe: CorpusRecipe, base: Path, tmp_path: Path) -> None:
    corpus = build_corpus(on_base(recipe, base.name), data, tmp_path / "work")
    grown = Vocabulary.from_pretrained(tmp_path / "work" / "vocabulary")
    plain = base_tokenizer(base)
    assert list(grown.encode([SENTENCE])) == plain(SENTENCE)["input_ids"]
    assert grown.base_rows == ROWS
    assert min(block.start_id for block in grown.blocks.values()) == len(plain)
    shards = TokenShards(corpus)
    assert len(shards)
    ids, _ = shards.document(0)
    assert ids.max() < len(grown)


def test_another_base_is_another_vocabulary_and_another_name_of_it_is_not(
    data: Path, recipe: CorpusRecipe, base: Path, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    made = work / "vocabulary" / "tokenizer.json"
    build_corpus(on_base(recipe, base.name), data, work)
    first, written = made.read_bytes(), made.stat().st_mtime_ns
    build_corpus(on_base(recipe, base), data, work)
    assert made.stat().st_mtime_ns == written
    train_byte_bpe(["Ice melts in a warm hand."], 300).save_pretrained(base)
    build_corpus(on_base(recipe, base), data, work)
    assert made.read_bytes() != first


def test_a_base_that_is_none_stops_the_build_before_it_begins(data: Path, recipe: CorpusRecipe, tmp_path: Path) -> None:
    (data / "no_tokenizer").mkdir(exist_ok=True)
    for name in ("nowhere", "no_tokenizer"):
        with pytest.raises(BioMatrixError, match=name):
            build_corpus(on_base(recipe, name), data, tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_a_base_brings_its_own_entries() -> None:
    with pytest.raises(ValueError, match="leave text_entries out"):
        VocabularyRecipe(base="somewhere", text_entries=4000)


def test_the_files_of_qwen3_are_a_base(tmp_path: Path) -> None:
    learned = train_byte_bpe([SENTENCE], 300)
    model = json.loads(learned.backend_tokenizer.to_str())
    with gzip.open(tmp_path / "vocab.json.gz", "wt", encoding="utf-8") as handle:
        json.dump(model["model"]["vocab"], handle)
    merges = [" ".join(pair) for pair in model["model"]["merges"]]
    (tmp_path / "merges.txt").write_text("\n".join(merges), encoding="utf-8")
    added = {str(entry["id"]): {"content": entry["content"], "special": True} for entry in model["added_tokens"]}
    settings = {"added_tokens_decoder": added, "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    (tmp_path / "special_tokens.json").write_text(json.dumps(settings))
    assert base_tokenizer(tmp_path)(SENTENCE)["input_ids"] == learned(SENTENCE)["input_ids"]
