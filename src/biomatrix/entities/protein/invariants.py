"""What the fields of a protein must be, checked where it is made: a bad chain stops there and reaches no batch.

Legend: L residues.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.protein.residues import LETTERS
from biomatrix.errors import ParseError, UnsupportedError

_LETTERS: Final[frozenset[str]] = frozenset(LETTERS)
INFINITE_NOTE: Final = "{count} infinite positions were taken as missing"


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
    """Return a backbone as ``float32 [L, 3, 3]``.

    Raises
    ------
    ParseError
        No numbers, or another shape than (L, 3, 3).
    """
    try:
        given = np.asarray(backbone)
        if given.dtype.kind not in "fiu":
            raise TypeError(f"it holds {given.dtype}")
    except (ValueError, TypeError, RuntimeError) as error:
        raise ParseError(f"a backbone is an array of numbers of shape (L, 3, 3): {error}") from error
    if given.ndim != 3 or given.shape[1:] != (3, 3):
        raise ParseError(f"a backbone has shape (L, 3, 3), the N, CA and C of each residue, not {given.shape}")
    with np.errstate(over="ignore"):
        return given.astype(np.float32, copy=False)


def checked_backbone(backbone: Any, length: int) -> tuple[NDArray[np.float32], int]:
    """Return a backbone as ``float32 [L, 3, 3]``, and how many positions were infinite, which are NaN now.

    Raises
    ------
    ParseError
        No numbers, another shape than (L, 3, 3), or another length than the sequence's.
    """
    positions = backbone_array(backbone)
    _check_count("places of the backbone", len(positions), length)
    residues, atoms = np.nonzero(np.isinf(positions).any(axis=-1))
    if residues.size:
        positions = positions.copy()
        positions[residues, atoms] = np.nan
    return positions, int(residues.size)


def checked_numbers(numbers: Any, length: int) -> NDArray[np.int32]:
    """Return residue numbers as ``int32 [L]``.

    Raises
    ------
    ParseError
        Not one whole number of 32 bits for each residue.
    """
    try:
        given = np.asarray(numbers)
        if given.dtype.kind not in "iu" and given.size:
            raise TypeError(f"they hold {given.dtype}")
    except (ValueError, TypeError, OverflowError) as error:
        raise ParseError(f"residue numbers are whole numbers, one for each residue: {error}") from error
    if given.ndim != 1:
        raise ParseError(f"residue numbers have shape (L,), not {given.shape}")
    _check_count("residue numbers", len(given), length)
    limits = np.iinfo(np.int32)
    if given.size and (int(given.min()) < limits.min or int(given.max()) > limits.max):
        raise ParseError("a residue number does not fit 32 bits")
    return given.astype(np.int32, copy=False)


def checked_codes(codes: Any, length: int) -> tuple[str, ...]:
    """Return insertion codes as a tuple, one text for each residue.

    Raises
    ------
    ParseError
        Not one text for each residue.
    """
    found = _texts("insertion codes", codes)
    _check_count("insertion codes", len(found), length)
    return found


def checked_notes(notes: Any) -> tuple[str, ...]:
    """Return notes as a tuple of texts. Raises ParseError where they are none."""
    return _texts("notes", notes)


def check_text(what: str, value: Any) -> None:
    """Refuse a name, chain identifier or sequence that is no text. Raises ParseError."""
    if not isinstance(value, str):
        raise ParseError(f"the {what} of a protein is text, not {type(value).__name__}")


def _texts(what: str, values: Any) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ParseError(f"{what} are a sequence of texts, not {type(values).__name__}")
    found = tuple(values)
    if not all(isinstance(value, str) for value in found):
        raise ParseError(f'{what} are texts; "" stands for none')
    return found


def _check_count(what: str, count: int, length: int) -> None:
    if count != length:
        raise ParseError(f"{count} {what} for {length} residues")
