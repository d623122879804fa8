"""Texts and the tokens that recordings give for them, for where a vocabulary is not at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.metrics.parity.fixture_files import Fixture, read_fixture
from biomatrix.metrics.wordpieces import Tokenize, load_wordpieces


def tokenizer_for(fixture: Fixture) -> Tokenize:
    """Return SciBERT's WordPieces where they are at hand, else the tokens that this fixture or one beside it records.

    The returned function raises ConfigurationError for a text that none of them has.
    """
    try:
        return load_wordpieces()
    except ConfigurationError as error:
        message = error.message
    known = {text: tokens for one in (fixture, *_neighbours(fixture)) for text, tokens in _recorded(one)}

    def tokenize(text: str) -> Sequence[str]:
        if text not in known and text.strip():
            raise ConfigurationError(f"{message} (no recording has the tokens of {text[:40]!r} either)")
        return known.get(text, [])

    return tokenize


def _neighbours(fixture: Fixture) -> Iterator[Fixture]:
    for path in sorted(fixture.path.parent.glob("*.json")) if fixture.path is not None else ():
        try:
            yield read_fixture(path)
        except BioMatrixError:
            continue


def _recorded(fixture: Fixture) -> Iterator[tuple[str, Sequence[str]]]:
    rows = fixture.expected.get("per_item")
    texts = {"pred_tokens": fixture.inputs.get("predictions"), "ref_tokens": fixture.inputs.get("references")}
    for key, column in texts.items():
        if isinstance(rows, list) and isinstance(column, list):
            yield from (pair for text, row in zip(column, rows, strict=False) for pair in _pair(text, row, key))


def _pair(text: Any, row: Any, key: str) -> Iterator[tuple[str, Sequence[str]]]:
    tokens = row.get(key) if isinstance(row, Mapping) else None
    if isinstance(text, str) and isinstance(tokens, list) and all(isinstance(token, str) for token in tokens):
        yield text, tokens
        yield text.strip(), tokens
