"""The atoms of the first model of a structure file, as columns, whatever the file's format."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class AtomTable:
    """Columns over the N atoms of one model, in file order.

    Parameters
    ----------
    atom, alternate, residue, chain, label_chain, insertion : ndarray, shape=(N,), dtype=str
        Names, those of atoms and residues in capitals; "" where the file gives none. ``chain`` is the author's,
        ``label_chain`` the archive's (mmCIF only).
    number : ndarray, shape=(N,), dtype=int32
        The author's residue number.
    hetero : ndarray, shape=(N,), dtype=bool
        Whether the record is HETATM.
    polymer : ndarray, shape=(N,), dtype=int8
        1 where the file says the atom is part of a polymer, 0 where it says it is not, -1 where it does not say.
    coordinates : ndarray, shape=(N, 3), dtype=float32
        Angstrom; NaN where the file states none.
    occupancy : ndarray, shape=(N,), dtype=float32
        1 where the file gives none.
    num_models : int
        How many models the file holds.
    section : ndarray, shape=(N,), dtype=int32
        How many TER records stand before the atom (0 throughout in mmCIF).
    notes : tuple of str
        What was done with the file as a whole, one sentence each.
    """

    atom: NDArray[np.str_]
    alternate: NDArray[np.str_]
    residue: NDArray[np.str_]
    chain: NDArray[np.str_]
    label_chain: NDArray[np.str_]
    insertion: NDArray[np.str_]
    number: NDArray[np.int32]
    hetero: NDArray[np.bool_]
    polymer: NDArray[np.int8]
    coordinates: NDArray[np.float32]
    occupancy: NDArray[np.float32]
    num_models: int
    section: NDArray[np.int32]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.atom)

    @cached_property
    def names(self) -> list[str]:
        """The names of the atoms as plain strings, which a loop over rows reads many times as fast as an array's."""
        return list(self.atom.tolist())

    @cached_property
    def marks(self) -> list[tuple[str, str]]:
        """The residue name and the alternate location of each atom, as plain strings."""
        return list(zip(self.residue.tolist(), self.alternate.tolist(), strict=True))

    @cached_property
    def resolved(self) -> list[bool]:
        """Whether each atom has a position."""
        finite: list[bool] = np.asarray(np.isfinite(self.coordinates).all(axis=1)).tolist()
        return finite

    def take(self, rows: NDArray[np.integer[Any]]) -> AtomTable:
        """Return the table of some rows, in the order given."""
        columns = {column.name: getattr(self, column.name) for column in fields(self)}
        return AtomTable(
            **{name: values[rows] if isinstance(values, np.ndarray) else values for name, values in columns.items()}
        )


def single_precision(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round to single precision; what is past its range becomes infinite, which counts as unresolved."""
    with np.errstate(over="ignore"):
        return np.asarray(values.astype(np.float32))


def frame_notes(count: int, what: str = "models", *, same: bool) -> list[str]:
    """Return the note that the first of several frames was read, and whether the others hold the same atoms."""
    if count < 2:
        return []
    differing = "" if same else "; the others hold other atoms, which were left out: give them files of their own"
    return [f"the first of {count} {what}{differing}"]
