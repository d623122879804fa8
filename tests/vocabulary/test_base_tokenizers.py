"""Base tokenizers, and extending any of them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from biomatrix.entities import Molecule, Protein
from biomatrix.errors import ConfigurationError, ParseError, VocabularyError
from biomatrix.vocabulary import Vocabulary, qwen3_tokenizer, train_byte_bpe

from .conftest import JOINT, TEXTS, stub_modalities


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
@settings(max_examples=100, deadline=None)
def test_a_trained_tokenizer_spells_any_text(base: PreTrainedTokenizerFast, text: str) -> None:
    ids = base(text, add_special_tokens=False)["input_ids"]
    assert base.decode(ids) == text


def test_training_is_deterministic() -> None:
    first, second = train_byte_bpe(TEXTS, 300), train_byte_bpe(iter(TEXTS), 300)
    assert first.backend_tokenizer.to_str() == second.backend_tokenizer.to_str()
    assert len(first) == 300


def test_a_size_below_the_bytes_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 259"):
        train_byte_bpe(TEXTS, 100)


def test_extending_leaves_the_base_alone(base: PreTrainedTokenizerFast, vocabulary: Vocabulary) -> None:
    held = base.get_vocab()
    assert "<A M>" not in held
    assert {token: vocabulary.tokenizer.get_vocab()[token] for token in held} == held
    assert vocabulary.base_size == len(base)


def test_blocks_are_contiguous_after_the_control_pairs(vocabulary: Vocabulary) -> None:
    pairs = [id_ for b in vocabulary.blocks.values() for id_ in (b.start_id, b.end_id)]
    assert pairs == list(range(vocabulary.base_size, vocabulary.base_size + 10))
    assert all(b.span is not None for b in vocabulary.blocks.values() if b.tokens)
    assert len(vocabulary.padding_ids()) == 0


def test_a_token_of_another_modality_is_refused(base: PreTrainedTokenizerFast) -> None:
    with pytest.raises(VocabularyError, match="'<S 1>' is not a token of molecule_structure"):
        Vocabulary.build(base, {"molecule_structure": ["<S 1>"]}, stub_modalities())


def test_a_token_that_is_a_base_piece_is_refused() -> None:
    backend = Tokenizer(models.WordLevel({"[C]": 0, "x": 1, "[UNK]": 2}, unk_token="[UNK]"))
    base = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]")
    with pytest.raises(VocabularyError, match=r"'\[C\]' is already a piece"):
        Vocabulary.build(base, {"molecule_selfies": ["[C]"]}, [stub_modalities()[1]])


def test_extending_twice_changes_nothing(vocabulary: Vocabulary) -> None:
    again = Vocabulary.build(vocabulary.tokenizer, {"molecule_structure": JOINT}, stub_modalities())
    assert again.tokenizer.get_vocab() == vocabulary.tokenizer.get_vocab()


def metaspace_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer that puts a mark before the first word, as SentencePiece ones do."""
    backend = Tokenizer(models.BPE(unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    backend.decoder = decoders.Metaspace(prepend_scheme="first")
    trainer = trainers.BpeTrainer(vocab_size=200, special_tokens=["<unk>"], show_progress=False)
    backend.train_from_iterator(TEXTS[:2], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>")


def wordpiece_tokenizer() -> PreTrainedTokenizerFast:
    """A lower-casing WordPiece with role tokens spelled like SELFIES symbols."""
    roles = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    backend = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=roles, show_progress=False)
    backend.train_from_iterator(TEXTS[:2], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")


@pytest.mark.parametrize("make", [metaspace_tokenizer, wordpiece_tokenizer])
def test_other_fast_tokenizers_extend_too(make: type[PreTrainedTokenizerFast], tmp_path: Path) -> None:
    vocabulary = Vocabulary.build(make(), {"molecule_structure": JOINT}, stub_modalities())
    vocabulary.save_pretrained(tmp_path)
    stock = AutoTokenizer.from_pretrained(tmp_path)
    molecule, protein = Molecule.from_smiles("CCO"), Protein("MKV")
    ids = vocabulary.encode(["the molecule", molecule, "and", protein, (molecule, "molecule_smiles")])
    text = (
        "the molecule<|mol_sfi_start|>[C][C][O]<|mol_sfi_end|>and<|prot_aa_start|><A M><A K><A V>"
        "<|prot_aa_end|><|mol_smi_start|>CCO<|mol_smi_end|>"
    )
    assert ids == stock(text, add_special_tokens=False)["input_ids"]
    assert "[PAD]" not in vocabulary.block("molecule_selfies").tokens
    assert [type(part) for part in vocabulary.decode(ids)][:4] == [str, Molecule, str, Protein]


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"neither special_tokens\.json"):
        qwen3_tokenizer(tmp_path)


@pytest.fixture(scope="module")
def qwen3(shared: Path) -> PreTrainedTokenizerFast:
    return qwen3_tokenizer(shared / "data" / "tokenizer")


def test_qwen3_gives_its_published_ids(qwen3: PreTrainedTokenizerFast) -> None:
    examples = {
        "Hello world": [9707, 1879],
        "CC(=O)Oc1ccccc1C(=O)O": [3706, 7, 28, 46, 8, 46, 66, 16, 638, 37054, 16, 34, 7, 28, 46, 8, 46],
        "<|im_start|>user\nWhat is aspirin?<|im_end|>": [
            151644, 872, 198, 3838, 374, 24663, 258, 30, 151645,
        ],
    }  # fmt: skip
    assert len(qwen3) == 151_669
    for text, ids in examples.items():
        assert qwen3(text)["input_ids"] == ids
        assert qwen3.decode(ids) == text


@pytest.mark.slow
def test_qwen3_extends_in_its_padding_and_loads_quickly(qwen3: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    joint = [f"[{symbol} {code}]" for symbol in ("C", "=C", "O", "N", "H") for code in range(512)]
    modalities = stub_modalities()
    vocabulary = Vocabulary.build(qwen3, {"molecule_structure": joint}, modalities, base_rows=151_936)
    assert int(vocabulary.new_ids[0]) == 151_669
    assert vocabulary.base_rows == 151_936
    vocabulary.save_pretrained(tmp_path)
    start = time.perf_counter()
    opened = Vocabulary.from_pretrained(tmp_path, modalities=modalities)
    ids = opened.encode(["Fold ", Protein("MKV"), "."])
    assert time.perf_counter() - start < 10
    stock = AutoTokenizer.from_pretrained(tmp_path)
    assert stock(opened.text(ids), add_special_tokens=False)["input_ids"] == ids
    text = "Aspirin [C] <S 1>, see [N]: naïve β 蛋白 \n\n  12 mg"
    assert opened.decode(opened.encode(text)) == [text]
