"""What a published tokenizer makes of a sequence, and what it loses on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.limits import DEFAULT_LIMITS
from biomatrix.errors import LimitError, ParseError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LISTED: Final = 10
_LETTERS: Final = re.compile(r"[A-Za-z]*")


@dataclass(frozen=True, eq=False)
class PublishedTokens:
    """Ids as a published model reads them.

    Parameters
    ----------
    ids : ndarray, shape=(n,), dtype=int64
        With the special tokens that its tokenizer puts round a sequence.
    tokens : tuple of str
        The same in text.
    notes : tuple of str
        What the ids no longer tell: letters that became unknown, lower case, bases dropped. Empty where nothing is
        lost. Places count from 1.
    """

    ids: NDArray[np.int64]
    tokens: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.ids)


def tokens_of(names: Sequence[str], ids: Iterable[int], notes: Iterable[str]) -> PublishedTokens:
    """Return tokens with the notes that say anything."""
    told = tuple(note for note in notes if note)
    return PublishedTokens(np.fromiter(ids, dtype=np.int64, count=len(names)), tuple(names), told)


def checked_letters(sequence: str) -> str:
    """Return a sequence of letters in either case.

    Raises
    ------
    ParseError
        It holds anything else, such as blanks, which published tokenizers drop or split at; with the place.
    LimitError
        It is longer than one record may be.
    """
    longest = DEFAULT_LIMITS.record_bytes
    if len(sequence) > longest:
        raise LimitError(
            f"{len(sequence):,} bases, the limit is {longest:,}; cut it into windows",
            limit="record_bytes",
            actual=len(sequence),
            allowed=longest,
        )
    found = _LETTERS.match(sequence)
    end = found.end() if found else 0
    if end < len(sequence):
        raise ParseError(f"{sequence[end]!r} is no base; give letters alone", position=end + 1)
    return sequence


def told(places: Sequence[int], what: str) -> str:
    """Return a note on places, from 0, that become something else; "" where there is none.

    Examples
    --------
    >>> told([4, 5], "became [UNK]")
    '2 letters became [UNK], at 5, 6'
    """
    if not len(places):
        return ""
    shown = ", ".join(str(place + 1) for place in places[:_LISTED])
    more = f" and {len(places) - _LISTED:,} more" if len(places) > _LISTED else ""
    return f"{len(places):,} letter{'s' if len(places) > 1 else ''} {what}, at {shown}{more}"


def places_of(sequence: str, kept: str) -> list[int]:
    """Return the places, from 0, of letters that are none of those kept."""
    return [found.start() for found in re.finditer(f"[^{kept}]", sequence)]
