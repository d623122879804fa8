"""One residue of a structure file: its rows, its name and the positions of its backbone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.structure_files.atom_table import AtomTable

BACKBONE: Final[tuple[str, str, str]] = ("N", "CA", "C")
LONGEST_PEPTIDE_BOND: Final[float] = 2.0
"""Of C to the next N, in Angstrom."""
LONGEST_ALPHA_STEP: Final[float] = 4.5
"""Of CA to the next CA, in Angstrom, where N or C is missing."""


@dataclass
class Residue:
    """Rows of the table with one place in a chain.

    Parameters
    ----------
    rows : list of int
    name : str
        That of the conformer which is kept.
    names : tuple of str
        Of all conformers.
    conformer : str
        The alternate location identifier that is kept; "" where there is none.
    alternates : bool
        Whether the file has alternate locations for it.
    partial : bool
        Whether a better occupied conformer lacks backbone atoms, so that it was not kept.
    repeated : bool
        Whether the file names an atom of the backbone twice in the same conformer.
    positions : ndarray, shape=(3, 3), dtype=float32
        N, CA and C, NaN where missing.
    """

    rows: list[int]
    name: str = ""
    names: tuple[str, ...] = ()
    conformer: str = ""
    alternates: bool = False
    partial: bool = False
    repeated: bool = False
    positions: NDArray[np.float32] = field(default_factory=lambda: np.full((3, 3), np.nan, dtype=np.float32))


def residue_rows(table: AtomTable) -> list[list[int]]:
    """Group the rows by place; a place met again later is the same residue only where alternates say so."""
    keys = list(
        zip(
            table.chain.tolist(),
            table.label_chain.tolist(),
            table.number.tolist(),
            table.insertion.tolist(),
            strict=True,
        )
    )
    groups: list[list[int]] = []
    seen: dict[tuple[str, str, int, str], int] = {}
    previous: tuple[str, str, int, str] | None = None
    for row, key in enumerate(keys):
        if key == previous:
            groups[seen[key]].append(row)
            continue
        previous = key
        earlier = seen.get(key)
        if earlier is not None and (table.alternate[row] or _continues(table, groups[earlier], row)):
            groups[earlier].append(row)
            continue
        seen[key] = len(groups)
        groups.append([row])
    return groups


def are_joined(before: Residue, after: Residue) -> bool:
    """Return whether a peptide bond joins two residues; by their CA where N or C is missing."""
    bond = float(np.linalg.norm(before.positions[2] - after.positions[0]))
    if np.isfinite(bond):
        return bond < LONGEST_PEPTIDE_BOND
    return bool(np.linalg.norm(before.positions[1] - after.positions[1]) < LONGEST_ALPHA_STEP)


def _continues(table: AtomTable, rows: list[int], row: int) -> bool:
    """Whether a row adds an atom to a residue listed earlier (hydrogens at the end of the file, say)."""
    held = {str(table.atom[index]) for index in rows}
    return str(table.residue[rows[0]]) == str(table.residue[row]) and str(table.atom[row]) not in held
