"""Whether a conversion uses the structure tokenizer that was named for it: no name is passed over in silence."""

from __future__ import annotations

from collections.abc import Sequence

from biomatrix.conversion.tokenizers import tokenized
from biomatrix.conversion.wrapped import unwrap
from biomatrix.entities import Modality
from biomatrix.entities.tokenizer_names import check_tokenizer_name
from biomatrix.errors import BioMatrixError


class TokenizerUse:
    """Follows one conversion, and says at its end where nothing was written or read with the tokenizer.

    Parameters
    ----------
    tokenizer : str, optional
        Name or folder of the structure tokenizer; None where none is named.
    targets : sequence of Modality
        What is written; empty where the lines that are read tell.

    Raises
    ------
    ConfigurationError
        No kind has a structure tokenizer of that name, and nothing on disk has it.
    """

    def __init__(self, tokenizer: str | None, targets: Sequence[Modality] = ()) -> None:
        self._tokenizer = tokenizer
        self._used = tokenizer is None
        if tokenizer is not None:
            owners = dict.fromkeys(part.kind for one in targets for part in tokenized(one).values())
            check_tokenizer_name(tokenizer, tuple(owners) or None)

    def note(self, one: Modality, count: int) -> None:
        """Note that ``count`` entities are written as a modality."""
        self._used = self._used or (count > 0 and bool(tokenized(one)))

    def note_line(self, text: str) -> None:
        """Note that a line of wrapped tokens is read."""
        if self._used:
            return
        try:
            one, _ = unwrap(text)
        except BioMatrixError:
            return  # the decoder says what is wrong
        self.note(one, 1)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say at the end: nothing where the tokenizer was used, or none was named."""
        if self._used:
            return ()
        return (f"the structure tokenizer {self._tokenizer!r} was not used: no record holds codes of a structure",)
