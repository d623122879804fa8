"""Small networks of stock Transformers with random weights, saved as real folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

AMINO_ACIDS = list("LAGVSERTIDPKQNFYMHWCXBUZO.-")


def esm_folder(folder: Path, *, head: bool = True, positions: int = 66, kind: str = "rotary") -> Path:
    """Write a small ESM with a language model's head, as it is published, or without one."""
    import torch
    from transformers import EsmConfig, EsmForMaskedLM, EsmModel
    from transformers.models.esm.tokenization_esm import EsmTokenizer

    words = ["<cls>", "<pad>", "<eos>", "<unk>", *AMINO_ACIDS, "<null_1>", "<mask>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "words.txt").write_text("\n".join(words), encoding="utf-8")
    tokenizer: Any = EsmTokenizer(str(folder / "words.txt"))
    (folder / "words.txt").unlink()
    config = EsmConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
        max_position_embeddings=positions, pad_token_id=1, mask_token_id=len(words) - 1, token_dropout=True,
        position_embedding_type=kind,
    )  # fmt: skip
    torch.manual_seed(1)
    network: Any = EsmForMaskedLM(config) if head else EsmModel(config)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _wordlevel(words: list[str], pattern: str, frame: tuple[str, str], **special: str) -> Any:
    """Return a fast tokenizer that cuts a text into characters or words and puts two tokens round it."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    table = {word: number for number, word in enumerate(words)}
    backend = Tokenizer(models.WordLevel(table, unk_token=special["unk_token"]))
    backend.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), "isolated" if pattern == "." else "removed")
    first, last = frame
    backend.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=[(first, table[first]), (last, table[last])]
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, **special)


def roberta_folder(folder: Path, positions: int = 42) -> Path:
    """Write a small RoBERTa over the characters of SMILES, with a language model's head and without a pooler."""
    import torch
    from transformers import RobertaConfig, RobertaForMaskedLM

    words = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *"CNOFSPIclBrnos()[]=#@+-123456789/\\H"]
    tokenizer = _wordlevel(
        list(dict.fromkeys(words)), ".", ("<s>", "</s>"), bos_token="<s>", eos_token="</s>", pad_token="<pad>",
        unk_token="<unk>", mask_token="<mask>",
    )  # fmt: skip
    config = RobertaConfig(
        vocab_size=len(tokenizer), hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=32,
        max_position_embeddings=positions, pad_token_id=1, type_vocab_size=1,
    )  # fmt: skip
    torch.manual_seed(2)
    network: Any = RobertaForMaskedLM(config)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def bert_folder(folder: Path) -> Path:
    """Write a small BERT that reads amino acids apart, as ProtBert does, with its pooler."""
    import torch
    from transformers import BertConfig, BertModel

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *AMINO_ACIDS[:25]]
    tokenizer = _wordlevel(
        words, " ", ("[CLS]", "[SEP]"), unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]",
        mask_token="[MASK]",
    )  # fmt: skip
    config = BertConfig(
        vocab_size=len(words), hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=32,
        max_position_embeddings=40,
    )  # fmt: skip
    torch.manual_seed(3)
    network: Any = BertModel(config)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def esm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small ESM of random weights; its folder is not to be changed."""
    return esm_folder(tmp_path_factory.mktemp("esm") / "model")


@pytest.fixture(scope="session")
def roberta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small RoBERTa of random weights over SMILES; its folder is not to be changed."""
    return roberta_folder(tmp_path_factory.mktemp("roberta") / "model")


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small BERT of random weights over amino acids apart; its folder is not to be changed."""
    return bert_folder(tmp_path_factory.mktemp("bert") / "model")


@pytest.fixture
def make_esm(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a small ESM which a test may damage."""
    return lambda **settings: esm_folder(tmp_path / "esm", **settings)
