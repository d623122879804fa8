"""When a stretch of text that is spelled like a name is that name: case, boundaries, hyphens, plurals, common words.

Names and texts are compared in a plain form of the same length: lower case, one kind of hyphen, space and apostrophe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final

SHORTEST: Final = 3
"""The least letters and digits of a name that is looked for."""
SHORT: Final = 5
"""Names of at most this many characters with a capital are symbols, linked in the letter case of the table alone."""
_PLAIN: Final = str.maketrans(
    {**dict.fromkeys("‐‑‒–−", "-"), **dict.fromkeys("’ʼ′", "'"), **dict.fromkeys("\n\t\r\u00a0\u2009", " ")}
)
_BEFORE: Final = re.compile(r"(?:^|[^\w\-)\]}'+,.]|\b(?:anti|non|pre|post|de|co|pro|high|low)-)$")
_AFTER: Final = re.compile(
    r"$|[^\w\-(\[{+']|'s?\b|-(?:\W|$)|-(?:\w+(?:ed|ing|dependent|resistant|deficient|sensitive|specific|positive|negative)|"
    r"free|like|rich|based|fed|bound|only|type|and|or|to|in)\b"
)
_BEFORE_LENGTH: Final = 8
_AFTER_LENGTH: Final = 24


def plain(text: str) -> str:
    """Return a text in the form in which names are compared; each character stays one character.

    Examples
    --------
    >>> plain("Acetic\\nacid – β‑Alanine")
    'acetic acid - β-alanine'
    """
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
    return lower.translate(_PLAIN)


@cache
def common_words() -> frozenset[str]:
    """Return the package's words of the language that are also names, and are never linked, in plain form."""
    lines = (files(__package__) / "common_words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def can_be_found(name: str, stop: Iterable[str] = ()) -> bool:
    """Return whether a name is looked for: neither too short, nor a number, nor a common word.

    Examples
    --------
    >>> [can_be_found(name) for name in ("aspirin", "NO", "lead", "2,4")]
    [True, False, False, False]
    """
    form = plain(name)
    letters = sum(letter.isalnum() for letter in form)
    return letters >= SHORTEST and any(map(str.isalpha, form)) and form not in common_words() and form not in stop


def is_symbol(name: str) -> bool:
    """Return whether a name is linked in its own letter case alone, as ``ATP`` and ``RecA`` are."""
    return len(name) <= SHORT and not name.islower()


def stands_alone(text: str, start: int, end: int) -> bool:
    """Return whether a stretch of plain text is a whole name, rather than a piece of a longer word or name.

    A hyphen before it, a locant, a bracket or a further suffix make it part of another name; ``-induced``, ``non-`` and
    the like do not.

    Examples
    --------
    >>> texts = "ethanol-induced", "non-ethanol", "(ethanol).", "2-ethanol", "methyl-ethanol", "ethanolamine"
    >>> [stands_alone(text, text.index("ethanol"), text.index("ethanol") + 7) for text in texts]
    [True, True, True, False, False, False]
    """
    before = text[max(0, start - _BEFORE_LENGTH) : start]
    return bool(_BEFORE.search(before)) and bool(_AFTER.match(text, end, end + _AFTER_LENGTH))


def with_plural(text: str, start: int, end: int) -> int:
    """Return the end of a name with the s of its plural, where one stands there and the name is a word."""
    word = end - start > SHORT and text[end - 1].isalpha() and text[end - 1] != "s"
    return end + 1 if word and text[end : end + 1] == "s" and text[end + 1 : end + 2].isalnum() is False else end
