"""Conversations that are too long, made to fit: the text of questions gives way, and nothing else.

A vector of an entity is never cut off, nor an entity written as tokens, an answer, a mark or the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from biomatrix.errors import LimitError
from biomatrix.vocabulary.chat import Turn
from biomatrix.vocabulary.items import as_items

if TYPE_CHECKING:
    from biomatrix.vocabulary.tables import Item
    from biomatrix.vocabulary.vocabulary import Vocabulary

GAP: Final = " ... "
"""Stands where text was left out."""
_LEAST: Final = 8
"""Tokens that stay of each text."""


@dataclass(frozen=True)
class FittedTurns:
    """A conversation that fits.

    Parameters
    ----------
    turns : tuple of Turn
    tokens : int
        That it takes.
    dropped : int
        Tokens of questions' text that were left out; 0 where it fitted as it was.
    """

    turns: tuple[Turn, ...]
    tokens: int
    dropped: int

    @property
    def note(self) -> str:
        """What was left out, in a sentence; "" where nothing was."""
        return f"{self.dropped} tokens of the question's text were left out, so that it fits" if self.dropped else ""


def fit_turns(
    vocabulary: Vocabulary, turns: Sequence[Turn], most: int, *, add_generation_prompt: bool = False
) -> FittedTurns:
    """Return a conversation of at most ``most`` tokens: the longest text of the user's turns is shortened first.

    What is left out is the middle of a text, since both its ends may say what is asked.

    Parameters
    ----------
    vocabulary : Vocabulary
    turns : sequence of Turn
        Without deferred parts: vectors stand as their places.
    most : int
        The most tokens, marks of turns included.
    add_generation_prompt : bool
        Whether the beginning of an answer counts too.

    Raises
    ------
    LimitError
        It does not fit with the texts at their shortest.
    """
    contents = [as_items(turn.content) for turn in turns]
    cuttable = _Texts(vocabulary, turns, contents)

    def built() -> list[Turn]:
        return [Turn(turn.role, list(content)) for turn, content in zip(turns, contents, strict=True)]

    def count() -> int:
        return len(vocabulary.encode_chat(built(), add_generation_prompt=add_generation_prompt))

    first = tokens = count()
    while tokens > most:
        if not cuttable.shorten(tokens - most):
            raise LimitError(
                f"{tokens:,} tokens without a word of the question to spare, and {most:,} may be: its vectors, "
                "entities and answer are never cut; shorten the answer or show fewer entities",
                limit="max_length",
                actual=tokens,
                allowed=most,
            )
        tokens = count()
    return FittedTurns(tuple(built()), tokens, first - tokens)


class _Texts:
    """The texts of the user's turns, which may be shortened where they stand."""

    def __init__(self, vocabulary: Vocabulary, turns: Sequence[Turn], contents: list[list[Item]]) -> None:
        self._vocabulary, self._contents = vocabulary, contents
        self._pieces = {
            (number, place): vocabulary.encode_text(item)
            for number, (turn, content) in enumerate(zip(turns, contents, strict=True))
            if turn.role == "user"
            for place, item in enumerate(content)
            if isinstance(item, str)
        }
        self._kept = {where: len(pieces) for where, pieces in self._pieces.items()}
        self._gap = len(vocabulary.encode_text(GAP))

    def shorten(self, excess: int) -> bool:
        """Leave out so many tokens of the longest text, or as many as it has to spare; return whether it has any."""
        where = max(self._kept, key=lambda each: self._kept[each], default=None)
        if where is None or self._kept[where] <= _LEAST:
            return False
        whole = self._kept[where] == len(self._pieces[where])
        self._kept[where] = max(_LEAST, self._kept[where] - excess - (self._gap if whole else 0))
        number, place = where
        self._contents[number][place] = self._text(where)
        return True

    def _text(self, where: tuple[int, int]) -> str:
        pieces, kept = self._pieces[where], self._kept[where]
        front = kept - kept // 2
        back = pieces[len(pieces) - kept // 2 :]
        return f"{self._spelled(pieces[:front]).rstrip()}{GAP}{self._spelled(back).lstrip()}"

    def _spelled(self, pieces: Sequence[int]) -> str:
        # A character of several bytes that is cut through is left out.
        return self._vocabulary.text(pieces).strip("\N{REPLACEMENT CHARACTER}")
