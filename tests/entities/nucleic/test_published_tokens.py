"""Other people's tokens: recorded ids, agreement with the tokenizers they come from, and nothing lost in silence."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix.entities.nucleic.published.byte_pairs import DnaBert2Tokenizer
from biomatrix.entities.nucleic.published.codons import (
    codonbert_tokens,
    codonbert_vocabulary,
    mrna_gpt_tokens,
    mrna_gpt_vocabulary,
)
from biomatrix.entities.nucleic.published.evo_bytes import evo_text, evo_tokens
from biomatrix.entities.nucleic.published.six_mers import (
    CLS,
    UNKNOWN,
    six_mer_pieces,
    six_mer_tokens,
    six_mer_vocabulary,
)
from biomatrix.errors import ConfigurationError, ParseError, UnsupportedError, WeightsError


def fixtures(shared: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(shared / "data/nucleic/tokenizers" / name, "rt", encoding="utf-8") as stream:
        return list(json.load(stream))


@pytest.fixture(scope="module")
def dnabert2(shared: Path) -> DnaBert2Tokenizer:
    return DnaBert2Tokenizer(shared / "data/nucleic/tokenizers/dnabert2_tokenizer.json")


def drawn(rng: np.random.Generator, letters: str, length: int) -> str:
    return "".join(rng.choice(list(letters), size=length))


def test_byte_pairs_are_those_recorded(shared: Path, dnabert2: DnaBert2Tokenizer) -> None:
    rows = fixtures(shared, "dnabert2_expected.json.gz")
    assert len(rows) == 66
    for row in rows:
        found = dnabert2(row["sequence"])
        assert (found.ids.tolist(), list(found.tokens)) == (row["ids"], row["tokens"])
        assert bool(found.notes) == (0 in row["ids"])
    assert dnabert2("ACNNgT").notes == ("3 letters (Ng) became [UNK] each, at 3, 4, 5",)


def test_six_mers_are_those_recorded(shared: Path) -> None:
    rows = fixtures(shared, "nt_6mer_v2_expected.json.gz")
    assert len(rows) == 48
    for row in rows:
        assert [CLS, *six_mer_pieces(row["sequence"])] == row["tokens"]
        if None in row["ids"]:
            with pytest.raises(UnsupportedError):
                six_mer_tokens(row["sequence"])
        else:
            found = six_mer_tokens(row["sequence"])
            assert (found.ids.tolist(), found.notes) == (row["ids"], ())


@pytest.mark.parametrize("version", [1, 2])
def test_six_mers_are_those_of_transformers(version: int, tmp_path: Path) -> None:
    from transformers.models.esm.tokenization_esm import EsmTokenizer

    vocabulary = six_mer_vocabulary(version)
    assert len(vocabulary) == {1: 4105, 2: 4107}[version]
    (tmp_path / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    peer = EsmTokenizer(str(tmp_path / "vocab.txt"), eos_token=None)
    rng = np.random.default_rng(version)
    for letters in ("ACGT", "ACGTN", "AACCGGTTNRYacgt"):
        for length in (0, 1, 5, 6, 11, 90, 200):
            sequence = drawn(rng, letters, length)
            found = six_mer_tokens(sequence, version, unknown="merge")
            assert found.ids.tolist() == peer(sequence)["input_ids"], sequence
            assert bool(found.notes) == (UNKNOWN in found.tokens)


def test_a_shift_changes_every_six_mer_and_length_is_told() -> None:
    sequence = drawn(np.random.default_rng(0), "ACGT", 12_300)
    assert six_mer_tokens(sequence, 2).notes[0].startswith("2,051 tokens")
    assert not set(six_mer_tokens("ATTCCGATTCCG").tokens[1:]) & set(six_mer_tokens("TTCCGATTCCGA").tokens[1:])
    with pytest.raises(UnsupportedError, match="position 3: 'g'"):
        six_mer_tokens("ACgTR")
    assert six_mer_tokens("ACgRTA", unknown="merge").notes == (
        "2 letters became 1 <unk>, a whole run being one, at 3, 4",
    )


def test_bytes_keep_every_letter() -> None:
    rng = np.random.default_rng(3)
    sequence = drawn(rng, "ACGTNacgtRY", 300)
    found = evo_tokens(sequence)
    assert found.ids.tolist() == [ord(letter) for letter in sequence]
    assert evo_text(found.ids) == sequence
    assert evo_tokens("AC", prepend_end=True).ids.tolist() == [0, 65, 67]
    assert evo_text([0, 65, 9999]) == " A" + chr(511)
    assert evo_tokens("ACGTN").notes == ()
    assert "2 letters" in evo_tokens("aCR").notes[0]


def test_codons_are_those_of_the_tokenizers_they_come_from() -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import BertProcessing

    peer = Tokenizer(WordLevel(vocab=dict(codonbert_vocabulary()), unk_token="[UNK]"))
    peer.pre_tokenizer = Whitespace()
    peer.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    assert len(codonbert_vocabulary()) == 130
    assert len(mrna_gpt_vocabulary()) == 69
    rng = np.random.default_rng(4)
    for letters in ("ACGU", "ACGTN", "ACGTacgtNRY"):
        sequence = drawn(rng, letters, 200)
        read = sequence.upper().replace("T", "U")
        split = " ".join(read[start : start + 3] for start in range(0, len(read) - 2, 3))
        found = codonbert_tokens(sequence)
        assert (found.ids.tolist(), list(found.tokens)) == (peer.encode(split).ids, peer.encode(split).tokens)
        assert any("2 letters after the last whole codon" in note for note in found.notes)
    assert codonbert_tokens("AUGacRN").notes[0].startswith("2 letters in lower case")
    assert mrna_gpt_tokens("AUGAAA").ids.tolist() == [3, 5 + 14, 5, 3]
    assert mrna_gpt_tokens("ATGUUU", 68).ids.tolist() == [2, 4 + 14, 67, 3]
    assert mrna_gpt_tokens("augAAN").notes == ("2 letters at the start of a codon that became [UNK], at 1, 4",)


def test_what_is_no_sequence_is_refused(tmp_path: Path, dnabert2: DnaBert2Tokenizer) -> None:
    for reads in (six_mer_tokens, evo_tokens, codonbert_tokens, mrna_gpt_tokens, dnabert2):
        for wrong, place in (("AC GT", 3), ("ACG-T", 4), ("ÄC", 1), ("ACG\n", 4)):
            with pytest.raises(ParseError, match=f"position {place}"):
                reads(wrong)
    with pytest.raises(ConfigurationError):
        six_mer_tokens("A", version=3)
    (tmp_path / "tokenizer.json").write_text('{"model": 1}', encoding="utf-8")
    for path in (tmp_path / "tokenizer.json", tmp_path / "absent.json"):
        with pytest.raises(WeightsError):
            DnaBert2Tokenizer(path)
