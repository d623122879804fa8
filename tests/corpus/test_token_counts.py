"""Tokens are counted while they are written, as another pass over them would count them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from biomatrix.corpus.build import build_corpus, tokenised
from biomatrix.corpus.build_vocabulary import count_open_tokens, coverage_in, training_records
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.token_counts import coverage
from biomatrix.entities import modality
from biomatrix.vocabulary import coverage_of


def test_counts_are_those_of_another_pass(data: Path, recipe: CorpusRecipe, tmp_path: Path) -> None:
    slices = tokenised(recipe, data, tmp_path)
    whole: Counter[str] = Counter()
    for group in slices.values():
        for item in group:
            for record in item.read(("train",)):
                whole.update(record.tokens.get("molecule_selfies", ()))
    assert whole
    assert count_open_tokens(slices, [modality("molecule_selfies")]) == {"molecule_selfies": whole}


def test_records_of_splits_are_those_of_all(data: Path, recipe: CorpusRecipe, tmp_path: Path) -> None:
    splits = ("train", "held_out", "held_out_label")
    items = [item for group in tokenised(recipe, data, tmp_path).values() for item in group]
    for item in items:
        everything = list(item.read(splits))
        for chosen in (splits[:1], splits[1:2], splits[1:], ()):
            assert list(item.read(chosen)) == [record for record in everything if record.split in chosen]


def test_what_kept_tokens_write_is_counted_slice_by_slice(data: Path, recipe: CorpusRecipe, tmp_path: Path) -> None:
    slices = tokenised(recipe, data, tmp_path)
    items = [item for group in slices.values() for item in group]
    written = [record.tokens.get("molecule_selfies") for record in training_records(items)]
    sequences = [tokens for tokens in written if tokens is not None]
    kept = sorted({token for tokens in sequences for token in tokens})[::2]
    assert coverage_in(slices, "molecule_selfies", kept) == coverage_of(kept, sequences)
    assert 0 < coverage_of(kept, sequences).share < 1


def test_the_manifest_says_what_the_vocabulary_covers(data: Path, recipe: CorpusRecipe, tmp_path: Path) -> None:
    corpus = build_corpus(recipe, data, tmp_path)
    manifest = json.loads((corpus / "manifest.json").read_text())
    found = manifest["coverage"]["molecule_selfies"]
    assert found["share"] == pytest.approx(1.0)
    assert found["in_vocabulary"] == found["different"] > 0
    assert manifest["selection"]["decontamination"]["enabled"] is True
    assert manifest["selection"]["decontamination_counts"]["cath_s20"] == {"identity": 2}


def test_coverage_is_a_share_of_occurrences() -> None:
    found = coverage({"m": {"a": 3, "b": 1}}, {"m": frozenset("a")})
    assert found == {"m": {"different": 2, "in_vocabulary": 1, "occurrences": 4, "share": 0.75}}
