"""One vocabulary for text and entities of every kind: a base tokenizer and the tokens added to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

_HOME = {
    "Batch": "biomatrix.vocabulary.encoding",
    "Block": "biomatrix.vocabulary.blocks",
    "CodeTable": "biomatrix.vocabulary.tables",
    "Codes": "biomatrix.vocabulary.tables",
    "Coverage": "biomatrix.vocabulary.coverage",
    "Deferred": "biomatrix.vocabulary.tables",
    "Failure": "biomatrix.vocabulary.segments",
    "Positions": "biomatrix.vocabulary.tables",
    "Segment": "biomatrix.vocabulary.segments",
    "TokenizerRecord": "biomatrix.vocabulary.manifest",
    "Tokens": "biomatrix.vocabulary.tables",
    "Turn": "biomatrix.vocabulary.chat",
    "Vocabulary": "biomatrix.vocabulary.vocabulary",
    "base_tokenizer": "biomatrix.vocabulary.base_tokenizers",
    "count_tokens": "biomatrix.vocabulary.coverage",
    "coverage_of": "biomatrix.vocabulary.coverage",
    "embedding_rows": "biomatrix.vocabulary.initialisation",
    "initialise": "biomatrix.vocabulary.initialisation",
    "joint_tokens": "biomatrix.vocabulary.coverage",
    "qwen3_tokenizer": "biomatrix.vocabulary.base_tokenizers",
    "train_byte_bpe": "biomatrix.vocabulary.base_tokenizers",
}

__all__ = [
    "Batch",
    "Block",
    "CodeTable",
    "Codes",
    "Coverage",
    "Deferred",
    "Failure",
    "Positions",
    "Segment",
    "TokenizerRecord",
    "Tokens",
    "Turn",
    "Vocabulary",
    "base_tokenizer",
    "count_tokens",
    "coverage_of",
    "embedding_rows",
    "initialise",
    "joint_tokens",
    "qwen3_tokenizer",
    "train_byte_bpe",
]

if TYPE_CHECKING:
    from biomatrix.vocabulary.base_tokenizers import base_tokenizer, qwen3_tokenizer, train_byte_bpe
    from biomatrix.vocabulary.blocks import Block
    from biomatrix.vocabulary.chat import Turn
    from biomatrix.vocabulary.coverage import Coverage, count_tokens, coverage_of, joint_tokens
    from biomatrix.vocabulary.encoding import Batch
    from biomatrix.vocabulary.initialisation import embedding_rows, initialise
    from biomatrix.vocabulary.manifest import TokenizerRecord
    from biomatrix.vocabulary.segments import Failure, Segment
    from biomatrix.vocabulary.tables import Codes, CodeTable, Deferred, Positions, Tokens
    from biomatrix.vocabulary.vocabulary import Vocabulary

__getattr__ = lazy_names(__name__, _HOME)
