"""WordPieces of SciBERT, which captions are scored by."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from biomatrix.errors import ConfigurationError
from biomatrix.user_cache import user_cache

Tokenize: TypeAlias = Callable[[str], Sequence[str]]
"""From a text to its tokens, without those that a model puts around it."""

ENVIRONMENT: Final = "BIOMATRIX_SCIBERT_VOCAB"
MOST_TOKENS: Final = 512
_LEFT_OUT: Final = frozenset({"[PAD]", "[CLS]", "[SEP]"})
HOW: Final = (
    "download vocab.txt of allenai/scibert_scivocab_uncased from the Hugging Face hub to "
    "~/.cache/biomatrix/scibert/vocab.txt, or name it in BIOMATRIX_SCIBERT_VOCAB"
)


def default_vocabulary() -> Path:
    """Return where the vocabulary is looked for: what :data:`ENVIRONMENT` names, else the user's cache."""
    return Path(os.environ.get(ENVIRONMENT) or user_cache() / "scibert" / "vocab.txt")


@lru_cache(2)
def load_wordpieces(vocabulary: Path | None = None) -> Tokenize:
    """Return the tokenizer of a vocabulary: lower case, at most 512 pieces, no special tokens.

    Parameters
    ----------
    vocabulary : Path, optional
        A ``vocab.txt``, one piece a line; by default :func:`default_vocabulary`.

    Raises
    ------
    ConfigurationError
        The file is absent or no vocabulary; the message says what to download.
    """
    path = vocabulary or default_vocabulary()
    if not path.is_file():
        raise ConfigurationError(
            f"captions are scored by SciBERT's WordPieces, which are not there; {HOW}", file=str(path)
        )
    try:
        from tokenizers import BertWordPieceTokenizer

        tokenizer = BertWordPieceTokenizer(str(path), lowercase=True)
    except Exception as error:
        raise ConfigurationError(f"no WordPiece vocabulary: {error}", file=str(path)) from error

    def tokenize(text: str) -> Sequence[str]:
        pieces: list[str] = tokenizer.encode(text, add_special_tokens=False).tokens
        return [piece for piece in pieces[:MOST_TOKENS] if piece not in _LEFT_OUT]

    return tokenize
