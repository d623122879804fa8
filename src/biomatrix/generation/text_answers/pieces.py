"""The bytes that each piece of a byte-level base tokenizer spells."""

from __future__ import annotations

from functools import cache

from biomatrix.errors import UnsupportedError
from biomatrix.vocabulary.vocabulary import Vocabulary


def piece_bytes(vocabulary: Vocabulary) -> dict[int, bytes]:
    """Return the bytes of every base piece, by id.

    Raises
    ------
    UnsupportedError
        The base tokenizer is not a byte-level one: its pieces are no strings of bytes.
    """
    spelled: dict[int, bytes] = {}
    letters = byte_letters()
    for id_ in vocabulary.plain_ids.tolist():
        piece = str(vocabulary.backend.id_to_token(id_))
        try:
            spelled[id_] = bytes(letters[letter] for letter in piece)
        except KeyError:
            raise UnsupportedError(
                f"answers in text are constrained over byte-level tokenizers; {piece!r} is no piece of one"
            ) from None
    return spelled


@cache
def byte_letters() -> dict[str, int]:
    """Return the byte that each letter of a byte-level piece stands for.

    Bytes that print stand for themselves, the others for letters from 256 on, in order: the alphabet of GPT-2.

    Examples
    --------
    >>> byte_letters()["A"], byte_letters()["\u0120"]
    (65, 32)
    """
    printed = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    letters = {chr(byte): byte for byte in printed}
    for place, byte in enumerate(sorted(set(range(256)) - set(printed))):
        letters[chr(256 + place)] = byte
    return letters
