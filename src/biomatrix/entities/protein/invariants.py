"""What the fields of a protein must be, checked where it is made: a bad chain stops there and reaches no batch.

Legend: L residues.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities import chain_fields
from biomatrix.entities.structure_files.residues import LETTERS
from biomatrix.errors import ParseError, UnsupportedError

_LETTERS: Final[frozenset[str]] = frozenset(LETTERS)


def check_sequence(sequence: Any) -> None:
    """Refuse what is no text of one-letter codes in capitals.

    Raises
    ------
    ParseError
        No text.
    UnsupportedError
        A letter that is no amino acid, with its index from 0 as ``position``.
    """
    check_text("sequence", sequence)
    found = foreign_letter(sequence)
    if found is not None:
        index, reason = found
        advice = "; Protein.from_sequence reads lower-case letters" if sequence[index].upper() in _LETTERS else ""
        raise UnsupportedError(reason + advice, position=index)


def foreign_letter(sequence: str) -> tuple[int, str] | None:
    """Return the index of the first letter that is no amino acid, and what to say of it; None where all are."""
    if _LETTERS.issuperset(sequence):
        return None
    index = next(place for place, letter in enumerate(sequence) if letter not in _LETTERS)
    return index, f"{sequence[index]!r} is no amino acid; allowed are {''.join(sorted(_LETTERS))}"


def backbone_array(backbone: Any) -> NDArray[np.float32]:
    """Return a backbone as ``float32 [L, 3, 3]``. Raises ParseError where it is none."""
    return chain_fields.backbone_array(backbone, 3, "N, CA and C")


def checked_backbone(backbone: Any, length: int) -> tuple[NDArray[np.float32], int]:
    """Return a backbone as ``float32 [L, 3, 3]``, and how many positions were infinite, which are NaN now.

    Raises
    ------
    ParseError
        No numbers, another shape than (L, 3, 3), or another length than the sequence's.
    """
    return chain_fields.finite_or_missing(backbone_array(backbone), length)


def check_text(what: str, value: Any) -> None:
    """Refuse a name, chain identifier or sequence that is no text. Raises ParseError."""
    if not isinstance(value, str):
        raise ParseError(f"the {what} of a protein is text, not {type(value).__name__}")
