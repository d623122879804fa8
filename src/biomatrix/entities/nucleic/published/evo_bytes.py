"""Bytes as ids, as Evo and Evo 2 read DNA (``CharLevelTokenizer``, 512 ids)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from biomatrix.entities.nucleic.published.tokens import PublishedTokens, checked_letters, places_of, tokens_of, told

END: Final = 0
"""End of document, which Evo 1 puts first where a sequence is scored."""
PAD: Final = 1
SIZE: Final = 512
_LOWEST: Final = 32


def evo_tokens(sequence: str, prepend_end: bool = False) -> PublishedTokens:
    """Return the bytes of a sequence.

    Every letter keeps an id of its own; the notes count those that the models were hardly trained on: lower case, and
    anything but A, C, G, T and N.

    Parameters
    ----------
    sequence : str
    prepend_end : bool
        Put the end of document first, as the scoring of Evo 1 does; that of Evo 2 does not.

    Raises
    ------
    ParseError
        What is no letter.
    """
    letters = checked_letters(sequence)
    names = ["<eod>"] * prepend_end + list(letters)
    ids = [END] * prepend_end + list(letters.encode("utf-8"))
    return tokens_of(
        names, ids, [told(places_of(letters, "ACGTN"), "got an id that the models were hardly trained on")]
    )


def evo_text(ids: Iterable[int]) -> str:
    """Return the text of ids; the published decoder moves what is out of range to the nearest of 32 to 511."""
    return "".join(chr(min(max(int(number), _LOWEST), SIZE - 1)) for number in ids)
