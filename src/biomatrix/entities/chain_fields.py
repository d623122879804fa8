"""What the fields of a chain must be, whatever its residues are, checked where it is made.

Legend: L residues, A atoms kept of each.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ParseError

INFINITE_NOTE: Final = "{count} infinite positions were taken as missing"


def backbone_array(backbone: Any, atoms: int, which: str) -> NDArray[np.float32]:
    """Return a backbone as ``float32 [L, A, 3]``; ``which`` names the atoms in messages.

    Raises
    ------
    ParseError
        No numbers, or another shape than (L, A, 3).
    """
    shape = f"(L, {atoms}, 3)"
    try:
        given = np.asarray(backbone)
        if given.dtype.kind not in "fiu":
            raise TypeError(f"it holds {given.dtype}")
    except (ValueError, TypeError, RuntimeError) as error:
        raise ParseError(f"a backbone is an array of numbers of shape {shape}: {error}") from error
    if given.ndim != 3 or given.shape[1:] != (atoms, 3):
        raise ParseError(f"a backbone has shape {shape}, the {which} of each residue, not {given.shape}")
    with np.errstate(over="ignore"):
        return given.astype(np.float32, copy=False)


def finite_or_missing(positions: NDArray[np.float32], length: int) -> tuple[NDArray[np.float32], int]:
    """Return a backbone with NaN for atoms at infinity, and how many these were.

    Raises
    ------
    ParseError
        Another length than the sequence's.
    """
    check_count("places of the backbone", len(positions), length)
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
    check_count("residue numbers", len(given), length)
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
    check_count("insertion codes", len(found), length)
    return found


def checked_notes(notes: Any) -> tuple[str, ...]:
    """Return notes as a tuple of texts. Raises ParseError where they are none."""
    return _texts("notes", notes)


def check_count(what: str, count: int, length: int) -> None:
    """Refuse another number of values than of residues. Raises ParseError."""
    if count != length:
        raise ParseError(f"{count} {what} for {length} residues")


def _texts(what: str, values: Any) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ParseError(f"{what} are a sequence of texts, not {type(values).__name__}")
    found = tuple(values)
    if not all(isinstance(value, str) for value in found):
        raise ParseError(f'{what} are texts; "" stands for none')
    return found
