"""Text to base pieces and back, with no added token ever matched inside it.

A stock tokenizer finds added tokens anywhere in a string: "[H][H]" in prose or "[N]" in a reference list
would turn into SELFIES symbols. Here text is text: it goes through the base model alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokenizers import AddedToken, Tokenizer

from biomatrix.errors import ParseError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ANCHOR = "\ue000\uf8ff\ue000"
"""Stands for preceding text in tokenizers that treat the start of a string differently."""


class PlainText:
    """The base tokenizer without its added tokens.

    Parameters
    ----------
    backend : tokenizers.Tokenizer
        The full tokenizer; its model is shared, not copied.
    """

    def __init__(self, backend: Tokenizer) -> None:
        self._plain = _without_added_tokens(backend)
        self._inner: Tokenizer | None = None
        inner = _without_added_tokens(backend)
        inner.add_tokens([AddedToken(_ANCHOR, normalized=False)])
        # Byte-level tokenizers cut a string in the same way wherever it stands; others put a space before its start.
        if _encode(inner, _ANCHOR + "a")[1:] != _encode(self._plain, "a"):
            self._inner = inner

    def encode(self, text: str, first: bool = True) -> list[int]:
        """Return the ids of the base pieces of ``text``; ``first`` says that nothing precedes it."""
        if self._inner is None or first:
            return _encode(self._plain, text)
        return _encode(self._inner, _ANCHOR + text)[1:]

    def encode_batch(self, texts: Sequence[str], first: Sequence[bool]) -> list[list[int] | ParseError]:
        """Encode many strings at once, on the cores that the ``tokenizers`` library uses.

        Returns
        -------
        list of (list of int) or ParseError
            For each string the ids of its base pieces, or the error that says why it has none.
        """
        if self._inner is None:
            try:
                encodings = self._plain.encode_batch_fast(list(texts), add_special_tokens=False)
                return [encoding.ids for encoding in encodings]
            except (TypeError, UnicodeEncodeError):
                pass  # one of them is not valid Unicode: find it below
        return [self._attempt(text, leads) for text, leads in zip(texts, first, strict=True)]

    def _attempt(self, text: str, first: bool) -> list[int] | ParseError:
        try:
            return self.encode(text, first)
        except ParseError as error:
            return error


def printable_pieces(backend: Tokenizer, ids: NDArray[np.int64]) -> dict[int, str]:
    """Return the texts of those base pieces that are printable ASCII without blanks, by id.

    Parameters
    ----------
    backend : tokenizers.Tokenizer
        The tokenizer.
    ids : ndarray, shape=(n,), dtype=int64
        The ids of its base pieces.
    """
    spelled = ((id_, backend.id_to_token(id_)) for id_ in ids.tolist())
    literal = ((id_, piece) for id_, piece in spelled if piece and piece.isascii() and piece.isprintable())
    if backend.decoder is None:
        texts = dict(literal)
    else:  # a byte-level piece of ASCII is its own text; that of another tokenizer may carry marks of its own
        texts = {id_: backend.decoder.decode([piece]) for id_, piece in literal}
    return {id_: text for id_, text in texts.items() if text and not any(character.isspace() for character in text)}


def _encode(tokenizer: Tokenizer, text: str) -> list[int]:
    try:
        ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    except (TypeError, UnicodeEncodeError) as error:
        raise ParseError(f"not valid Unicode text (a lone surrogate?): {text[:40]!r}") from error
    return ids


def _without_added_tokens(backend: Tokenizer) -> Tokenizer:
    plain = Tokenizer(backend.model)
    if backend.normalizer is not None:
        plain.normalizer = backend.normalizer
    if backend.pre_tokenizer is not None:
        plain.pre_tokenizer = backend.pre_tokenizer
    if backend.decoder is not None:
        plain.decoder = backend.decoder
    return plain
