"""The filters of texts: length, the characters they consist of, boilerplate, language."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Final

from pydantic import Field

from biomatrix.corpus.filters.record_filter import RecordFilter, prose
from biomatrix.corpus.records import INTERLEAVED, TEXT, Record
from biomatrix.entities.entity_filter import above, outside

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
_TEXTS: Final = (TEXT, INTERLEAVED)
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")

STOP_WORDS: Final = {
    "en": "the be to of and that have with is are was for in on as by from this it not or which at an",
    "de": "der die das und ist nicht ein eine zu den mit von auf für im sich auch dem des werden",
    "fr": "le la les et est une des dans pour que qui du par sur avec pas au ce sont cette",
    "es": "el la los las y es una de en que por con para del no se su al como más",
    "it": "il la le e è una di che per con del non si della nel gli sono come dei più",
    "pt": "o a os as e é uma de em que por com para do da não se no na como",
}
"""Frequent words of languages, none of one letter alone counted where others differ."""
BOILERPLATE: Final = (
    "all rights reserved",
    "accept cookies",
    "cookie policy",
    "enable javascript",
    "javascript is disabled",
    "lorem ipsum",
    "privacy policy",
    "sign up for our newsletter",
    "subscribe to our",
    "terms of use",
    "terms of service",
)
"""Phrases of pages rather than of what stands on them."""


class TextLength(RecordFilter):
    """Words and characters of a text."""

    kinds: ClassVar[tuple[str, ...]] = _TEXTS

    words: Count = 20
    """The least number of words."""
    most_words: Count = 100_000
    characters: Count = 80
    """The least number of characters."""

    def reason(self, record: Record) -> str | None:
        text = prose(record)
        words = len(text.split())
        if len(text) < self.characters:
            return f"{len(text)} characters, fewer than {self.characters}"
        return outside("words", words, self.words, self.most_words)


class TextCharacters(RecordFilter):
    """The largest shares of digits, of upper case among letters, and of what is no letter, digit or space."""

    kinds: ClassVar[tuple[str, ...]] = _TEXTS

    digits: Share = 0.2
    upper: Share = 0.4
    symbols: Share = 0.2

    def reason(self, record: Record) -> str | None:
        text = prose(record)
        letters = sum(map(str.isalpha, text))
        digits = sum(map(str.isdigit, text))
        spaces = sum(map(str.isspace, text))
        symbols = len(text) - letters - digits - spaces
        return (
            above("share of digits", digits / max(len(text), 1), self.digits)
            or above("share of upper case", sum(map(str.isupper, text)) / max(letters, 1), self.upper)
            or above("share of symbols", symbols / max(len(text), 1), self.symbols)
        )


class TextLanguage(RecordFilter):
    """The language, by its share of frequent words, and that no other language has a larger one."""

    kinds: ClassVar[tuple[str, ...]] = _TEXTS

    language: Annotated[str, Field(pattern=f"^({'|'.join(STOP_WORDS)})$")] = "en"
    share: Share = 0.1
    """The least share of words that are frequent ones of the language."""

    def reason(self, record: Record) -> str | None:
        shares = stop_word_shares(prose(record))
        own = shares[self.language]
        if own < self.share:
            return f"share of frequent words of {self.language!r} {own:.2f}, less than {self.share:.2f}"
        other = max(shares, key=lambda name: shares[name])
        return f"more frequent words of {other!r} than of {self.language!r}" if shares[other] > own else None


class TextBoilerplate(RecordFilter):
    """The largest number of phrases of page furniture, such as notices of cookies and of rights."""

    kinds: ClassVar[tuple[str, ...]] = _TEXTS

    phrases: list[str] = Field(default=list(BOILERPLATE))
    most: Count = 1

    def reason(self, record: Record) -> str | None:
        text = prose(record).casefold()
        found = [phrase for phrase in self.phrases if phrase.casefold() in text]
        return f"phrases of page furniture: {', '.join(found)!r}" if len(found) > self.most else None


def stop_word_shares(text: str) -> dict[str, float]:
    """Return, by language, the share of the words of a text that are its frequent ones."""
    words = [word.casefold() for word in _WORD.findall(text)]
    return {name: sum(map(own.__contains__, words)) / max(len(words), 1) for name, own in _STOP_SETS.items()}


_STOP_SETS: Final = {name: frozenset(words.split()) for name, words in STOP_WORDS.items()}
