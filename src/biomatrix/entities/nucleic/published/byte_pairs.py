"""DNABERT-2's byte pairs, by its own ``tokenizer.json``.

The file belongs to the checkpoint (``zhihan1996/DNABERT-2-117M``, Apache-2.0); it is data, and nothing in it runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from biomatrix.entities.nucleic.published.tokens import PublishedTokens, checked_letters, tokens_of, told
from biomatrix.errors import LimitError, WeightsError

SPECIAL: Final = ("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]")
"""The tokens of its first ids."""
_MOST_BYTES: Final = 16 << 20


class DnaBert2Tokenizer:
    """The tokenizer of DNABERT-2.

    Parameters
    ----------
    path : str or Path
        Its ``tokenizer.json``.

    Raises
    ------
    WeightsError
        It cannot be read, or its first tokens are not those of DNABERT-2.
    LimitError
        It is larger than 16 MiB.
    """

    def __init__(self, path: str | Path) -> None:
        from tokenizers import Tokenizer

        try:
            size = Path(path).stat().st_size
        except OSError as error:
            raise WeightsError(f"cannot be read: {error.strerror}", file=str(path)) from error
        if size > _MOST_BYTES:
            raise LimitError(f"{size:,} bytes, the limit is {_MOST_BYTES:,}", file=str(path))
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises plain exceptions
            raise WeightsError(f"no tokenizer: {' '.join(str(error).split())[:200]}", file=str(path)) from error
        found = tuple(self._tokenizer.id_to_token(number) for number in range(len(SPECIAL)))
        if found != SPECIAL:
            raise WeightsError(f"its first tokens are {found}, those of DNABERT-2 are {SPECIAL}", file=str(path))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    @property
    def size(self) -> int:
        """The number of ids."""
        return int(self._tokenizer.get_vocab_size())

    def __call__(self, sequence: str) -> PublishedTokens:
        """Return ``[CLS] ... [SEP]``.

        Each letter that is none of A, C, G and T in upper case, N among them, is one ``[UNK]``.

        Raises
        ------
        ParseError
            What is no letter.
        """
        read = self._tokenizer.encode(checked_letters(sequence))
        unknown = [
            begin for number, (begin, end) in zip(read.ids, read.offsets, strict=True) if number == 0 and end > begin
        ]
        lost = "".join(sorted({sequence[place] for place in unknown}))
        return tokens_of(read.tokens, read.ids, [told(unknown, f"({lost}) became [UNK] each")])
