"""Texts as an audit compares them: however they are wrapped, spaced, hyphenated, quoted, and in whatever case."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_NOT_COMPARED: Final = re.compile(r"[\s\u00ad\u200b\u2010-\u2015'\"\u2018-\u201f`-]+")
LEAST_ANSWER: Final = 60
"""Characters of an answer from which on it is compared: labels are shared by rows that have nothing else in common."""


def text_key(text: str) -> str:
    """Return a text without case, white space, hyphens and quotation marks, its letters in one Unicode form.

    Examples
    --------
    >>> text_key("A re-wrapped\\n  Text.") == text_key("a rewrapped text")
    True
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_COMPARED.sub("", plain).rstrip(".")


def answer_key(text: str) -> str | None:
    """Return the key of an answer; None of one that is too short to be a row's own."""
    return text_key(text) if len(text) >= LEAST_ANSWER else None
