"""The quality and repetition rules of Gopher (Rae et al., 2021, appendix A.1.1, table A1), on text records."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

from pydantic import Field

from biomatrix.corpus.filters.record_filter import RecordFilter, prose
from biomatrix.corpus.records import INTERLEAVED, TEXT, Record
from biomatrix.entities.entity_filter import above, outside

Share = Annotated[float, Field(ge=0, le=1)]
_REQUIRED: Final = frozenset(("the", "be", "to", "of", "and", "that", "have", "with"))
_ENDS: Final = ("...", "…")
_BULLETS: Final = ("•", "-", "*", "‣", "◦")
_EDGES: Final = re.compile(r"^\W+|\W+$")


class GopherQuality(RecordFilter):
    """The quality rules: words, their mean length, symbols, bullets, ellipses, letters, frequent words."""

    kinds: ClassVar[tuple[str, ...]] = (TEXT, INTERLEAVED)

    words: int = 50
    most_words: int = 100_000
    shortest: float = 3.0
    longest: float = 10.0
    """The least and largest mean length of a word, in characters."""
    symbols: Share = 0.1
    """Hashes, and ellipses, for each word."""
    bullets: Share = 0.9
    """The share of lines that begin with a bullet."""
    ellipses: Share = 0.3
    """The share of lines that end with an ellipsis."""
    lettered: Share = 0.8
    """The least share of words that hold a letter."""
    frequent: int = 2
    """How many of the words the, be, to, of, and, that, have, with must occur."""

    def reason(self, record: Record) -> str | None:
        text = prose(record)
        words = text.split()
        return (
            outside("words", len(words), self.words, self.most_words)
            or self._of_words(text, words)
            or self._of_lines(text)
        )

    def _of_words(self, text: str, words: Sequence[str]) -> str | None:
        mean = sum(map(len, words)) / len(words)
        if not self.shortest <= mean <= self.longest:
            return f"mean length of words {mean:.1f}, outside {self.shortest:g} to {self.longest:g}"
        for name, count in (("hashes", text.count("#")), ("ellipses", sum(map(text.count, _ENDS)))):
            if count > self.symbols * len(words):
                return f"{count} {name} for {len(words)} words"
        lettered = sum(any(map(str.isalpha, word)) for word in words) / len(words)
        if lettered < self.lettered:
            return f"share of words with a letter {lettered:.2f}, less than {self.lettered:.2f}"
        found = len(_REQUIRED & {_EDGES.sub("", word).casefold() for word in words})
        return f"{found} of the frequent words, fewer than {self.frequent}" if found < self.frequent else None

    def _of_lines(self, text: str) -> str | None:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        bullets = sum(line.startswith(_BULLETS) for line in lines) / max(len(lines), 1)
        ellipses = sum(line.endswith(_ENDS) for line in lines) / max(len(lines), 1)
        return above("share of lines with a bullet", bullets, self.bullets) or above(
            "share of lines that break off", ellipses, self.ellipses
        )


class GopherRepetition(RecordFilter):
    """The repetition rules: shares of lines, paragraphs and word n-grams that stand there more than once."""

    kinds: ClassVar[tuple[str, ...]] = (TEXT, INTERLEAVED)

    lines: Share = 0.3
    paragraphs: Share = 0.3
    line_characters: Share = 0.2
    paragraph_characters: Share = 0.2
    top: dict[str, Share] = Field(default={"2": 0.2, "3": 0.18, "4": 0.16})
    """By n, the largest share of characters in the most frequent n-gram."""
    repeated: dict[str, Share] = Field(default={"5": 0.15, "6": 0.14, "7": 0.13, "8": 0.12, "9": 0.11, "10": 0.1})
    """By n, the largest share of characters in n-grams that occur more than once, each character counted once."""

    def reason(self, record: Record) -> str | None:
        text = prose(record)
        return self._of_blocks(text) or self._of_words(text.split())

    def _of_blocks(self, text: str) -> str | None:
        blocks = {
            "lines": (text.split("\n"), self.lines, self.line_characters),
            "paragraphs": (re.split(r"\n\s*\n", text), self.paragraphs, self.paragraph_characters),
        }
        for name, (pieces, most, most_characters) in blocks.items():
            share, characters = repeated_shares([piece.strip() for piece in pieces if piece.strip()])
            found = above(f"share of repeated {name}", share, most) or above(
                f"share of characters in repeated {name}", characters, most_characters
            )
            if found is not None:
                return found
        return None

    def _of_words(self, words: Sequence[str]) -> str | None:
        total = sum(map(len, words))
        counted = ((self.top, "the most frequent", top_characters), (self.repeated, "repeated", repeated_characters))
        for limits, what, characters in counted:
            for size, most in limits.items():
                share = characters(words, int(size)) / max(total, 1)
                found = above(f"share of characters in {what} n-grams of {size}", share, most)
                if found is not None:
                    return found
        return None


def repeated_shares(pieces: Sequence[str]) -> tuple[float, float]:
    """Return the share of pieces that have stood before, and the share of the characters in them.

    Examples
    --------
    >>> repeated_shares(["ab", "c", "ab", "d"])
    (0.25, 0.3333333333333333)
    """
    seen: set[str] = set()
    again = [piece for piece in pieces if piece in seen or seen.add(piece)]  # type: ignore[func-returns-value]
    return len(again) / max(len(pieces), 1), sum(map(len, again)) / max(sum(map(len, pieces)), 1)


def top_characters(words: Sequence[str], size: int) -> int:
    """Return the characters in all occurrences of the most frequent n-gram of words; 0 where none occurs twice."""
    counts = Counter(zip(*(words[start:] for start in range(size)), strict=False))
    gram, count = counts.most_common(1)[0] if counts else ((), 0)
    return sum(map(len, gram)) * count if count > 1 else 0


def repeated_characters(words: Sequence[str], size: int) -> int:
    """Return the characters in n-grams of words that occur more than once, each character counted once."""
    grams = list(zip(*(words[start:] for start in range(size)), strict=False))
    counts = Counter(grams)
    covered: set[int] = set()
    for start, gram in enumerate(grams):
        if counts[gram] > 1:
            covered.update(range(start, start + size))
    return sum(len(words[index]) for index in covered)
