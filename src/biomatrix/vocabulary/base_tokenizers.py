"""The base tokenizers a vocabulary grows from: a folder's, Qwen3's from its files, and small byte-level BPEs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.vocabulary.chat import CHAT_TEMPLATE
from biomatrix.vocabulary.folder import read_backend

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

QWEN_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How Qwen tokenizers cut text into words: single digits, so numbers and codes spell out digit by digit."""

SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
"""The special tokens of a small tokenizer: padding and document end, turn start, turn end."""


def base_tokenizer(folder: str | Path) -> PreTrainedTokenizerFast:
    """Open the tokenizer of a folder: the ordinary layout, or the files that `qwen3_tokenizer` reads.

    Raises
    ------
    ParseError
        If the folder holds no tokenizer that can be read.
    """
    folder = Path(folder)
    if not (folder / "tokenizer.json").is_file() and (folder / "special_tokens.json").is_file():
        return qwen3_tokenizer(folder)
    from transformers import PreTrainedTokenizerFast

    backend, settings = read_backend(folder)
    return PreTrainedTokenizerFast(tokenizer_object=backend, **settings)  # type: ignore[no-untyped-call]


def qwen3_tokenizer(folder: str | Path) -> PreTrainedTokenizerFast:
    """Build Qwen3's tokenizer from its vocabulary, merges and added tokens.

    Parameters
    ----------
    folder : str or Path
        Holds ``vocab.json``, ``merges.txt`` (each plain or gzipped) and ``special_tokens.json``.

    Returns
    -------
    transformers.PreTrainedTokenizerFast
        151,669 entries: 151,643 pieces and 26 added tokens. Text is brought to Unicode NFC first, as in
        Qwen3.

    Raises
    ------
    ParseError
        If a file is missing, or an added token does not land on its id.
    """
    folder = Path(folder)
    settings = json.loads(_read(folder, "special_tokens.json"))
    lines = _read(folder, "merges.txt").split("\n")
    merges = [_merge(line) for line in lines if line and not line.startswith("#version")]
    tokenizer = _byte_level(models.BPE(vocab=json.loads(_read(folder, "vocab.json")), merges=merges))
    tokenizer.normalizer = normalizers.NFC()
    added = sorted(settings["added_tokens_decoder"].items(), key=lambda item: int(item[0]))
    for token_id, flags in added:
        tokenizer.add_tokens([AddedToken(flags["content"], special=flags["special"], normalized=False)])
        if tokenizer.token_to_id(flags["content"]) != int(token_id):
            raise ParseError(f"added token {flags['content']!r} does not land on id {token_id}", file=str(folder))
    return _wrap(tokenizer, settings["eos_token"], settings["pad_token"])


def train_byte_bpe(texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE that spells any Unicode text exactly, with Qwen's word pattern and chat tokens.

    Parameters
    ----------
    texts : iterable of str
        The text to learn merges from.
    size : int
        The largest number of entries, special tokens included; at least 259 (256 bytes and 3 special tokens).
        A text too small for that many merges gives fewer.

    Returns
    -------
    transformers.PreTrainedTokenizerFast
        Pieces first, then the special tokens. There is no normaliser: text comes back byte for byte.

    Raises
    ------
    ConfigurationError
        If ``size`` is below 259.
    """
    smallest = 256 + len(SPECIAL_TOKENS)
    if size < smallest:
        raise ConfigurationError(f"a byte-level vocabulary needs at least {smallest} entries, not {size}")
    tokenizer = _byte_level(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS])
    return _wrap(tokenizer, "<|im_end|>", "<|endoftext|>")


def _byte_level(model: models.BPE) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN_PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _wrap(tokenizer: Tokenizer, eos_token: str, pad_token: str) -> PreTrainedTokenizerFast:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        eos_token=eos_token,
        pad_token=pad_token,
        clean_up_tokenization_spaces=False,
        chat_template=CHAT_TEMPLATE,
    )


def _read(folder: Path, name: str) -> str:
    plain, packed = folder / name, folder / f"{name}.gz"
    if plain.is_file():
        return plain.read_text(encoding="utf-8")
    if packed.is_file():
        with gzip.open(packed, "rt", encoding="utf-8", newline="\n") as handle:
            return handle.read()
    raise ParseError(f"neither {name} nor {name}.gz is there", file=str(folder))


def _merge(line: str) -> tuple[str, str]:
    left, _, right = line.rstrip("\r").partition(" ")
    return left, right
