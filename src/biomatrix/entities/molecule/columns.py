"""The columns a molecule may be built from: atomic numbers, positions, bonds, charges, checked."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rdkit import Chem

from biomatrix.errors import ParseError

BOND_TYPES: Final = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE}
"""Bonds by their Kekule order."""
LARGEST_CHARGE: Final = 15
"""The largest formal charge of an atom, either way: that of MOL files."""


def real_numbers(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return values as ``float64`` in their shape; ParseError where they are no numbers."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParseError(f"the {name} are no array of numbers: {error}") from error


def whole_numbers(values: ArrayLike, name: str) -> NDArray[np.int64]:
    """Return values in one row, ``int64 [N]``; ParseError, with the index, at one that is no whole number."""
    flat = real_numbers(values, name).reshape(-1)
    bad = np.flatnonzero(~np.isfinite(flat) | (flat != np.round(flat)) | (np.abs(flat) > 2**53))
    if bad.size:
        raise ParseError(f"{flat[bad[0]]} among the {name} is no whole number", position=int(bad[0]))
    return flat.astype(np.int64)


def check_finite_rows(xyz: NDArray[np.float64]) -> None:
    bad = np.flatnonzero(~np.isfinite(xyz).all(axis=-1))
    if bad.size:
        raise ParseError("a coordinate is not a finite number", position=int(bad[0]))


def check_columns(
    numbers: NDArray[np.int64], xyz: NDArray[np.float64] | None, bonds: NDArray[np.int64], charges: NDArray[np.int64]
) -> None:
    n = len(numbers)
    if n == 0:
        raise ParseError("a molecule without atoms")
    if bool(((numbers < 1) | (numbers > 118)).any()):
        raise ParseError("an atomic number outside 1 to 118", position=int(np.argmax((numbers < 1) | (numbers > 118))))
    if charges.size and bool((np.abs(charges) > LARGEST_CHARGE).any()):
        first = int(np.argmax(np.abs(charges) > LARGEST_CHARGE))
        raise ParseError(f"a formal charge of {charges[first]}; at most {LARGEST_CHARGE} either way", position=first)
    if charges.size != n:
        raise ParseError(f"{charges.size} formal charges for {n} atoms")
    if xyz is not None:
        if xyz.size != 3 * n:
            raise ParseError(f"{xyz.size} coordinates for {n} atoms, {3 * n} expected")
        check_finite_rows(xyz.reshape(-1, 3))
    if bonds.size % 3:
        raise ParseError(f"bonds are triples of begin, end, order; {bonds.size} numbers given")
    rows = bonds.reshape(-1, 3)
    bad = (rows[:, :2] < 0).any(1) | (rows[:, :2] >= n).any(1) | (rows[:, 0] == rows[:, 1])
    bad |= ~np.isin(rows[:, 2], list(BOND_TYPES))
    if bool(bad.any()):
        first = int(np.argmax(bad))
        raise ParseError(
            f"bond {first} is {rows[first].tolist()}: give two different atoms of 0 to {n - 1} and an order of 1 to 3"
        )
