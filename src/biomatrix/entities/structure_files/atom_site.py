"""The category atom_site, the same in mmCIF text and in BinaryCIF: its columns to a table of atoms.

Programs leave columns out: author and label identifiers stand in for one another, and what a file does not say is
taken for unsaid, not for 0 or "".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.limits import Limits
from biomatrix.entities.structure_files.atom_table import AtomTable, frame_notes, single_precision
from biomatrix.entities.structure_files.residues import WATERS, letter_of
from biomatrix.errors import ParseError

_NEEDED: Final = (
    ("Cartn_y",),
    ("Cartn_z",),
    ("label_atom_id", "auth_atom_id"),
    ("auth_comp_id", "label_comp_id"),
)
"""Columns beside Cartn_x of which each group must state one."""

Column = Callable[[str], Sequence[str | None] | None]
"""Gives the values of a column as text by its name, None where the file states none; None for no such column."""

_NAMED_TWICE: Final = (("auth_comp_id", "label_comp_id"), ("label_atom_id", "auth_atom_id"))
"""Columns that name the same residues, and the same atoms: that which is read, and that which repeats it."""


def table_of(column: Column, limits: Limits, notes: tuple[str, ...] = ()) -> AtomTable:
    """Return the atoms of the first model of the category.

    Raises
    ------
    ParseError
        No coordinates, columns of different lengths, a field that is not a number, or residues without a number.
    LimitError
        More atoms than ``limits.atoms_per_structure``.
    """
    column = cache(column)  # columns stand in for one another, and are compared
    x = column("Cartn_x")
    if not x:
        raise ParseError("the atom_site table has no coordinates")
    _refuse_missing(column)
    limits.check("atoms_per_structure", len(x), "number of atoms")
    site = _AtomSite(column, len(x))
    models = site.text("pdbx_PDB_model_num")
    _, sizes = np.unique(models, return_counts=True)
    rows = np.flatnonzero(models == models[0])
    residue = _upper(site.text("auth_comp_id", "label_comp_id"))
    hetero = _upper(site.text("group_PDB")) == "HETATM"
    number = site.numbers("auth_seq_id", "label_seq_id", missing=np.nan)[rows]
    _refuse_unnumbered(number, residue[rows])
    xyz = np.stack([site.numbers(f"Cartn_{axis}", missing=np.nan) for axis in "xyz"], axis=1)
    acids = rows[[letter_of(str(name)) is not None for name in residue[rows]]]
    doubts = [site.disagreement(*names, acids) for names in _NAMED_TWICE]
    return AtomTable(
        atom=_upper(site.text("label_atom_id", "auth_atom_id"))[rows],
        alternate=site.text("label_alt_id")[rows],
        residue=residue[rows],
        chain=site.text("auth_asym_id", "label_asym_id", stated_empty=True)[rows],
        label_chain=site.text("label_asym_id")[rows],
        insertion=site.text("pdbx_PDB_ins_code")[rows],
        number=np.nan_to_num(number).astype(np.int32),
        hetero=hetero[rows],
        polymer=_polymer(site.text("label_seq_id"), hetero, residue)[rows],
        coordinates=single_precision(xyz[rows]),
        occupancy=single_precision(site.numbers("occupancy", missing=1.0)[rows]),
        num_models=len(sizes),
        section=np.zeros(len(rows), dtype=np.int32),
        notes=(*notes, *frame_notes(len(sizes), same=len(set(sizes.tolist())) == 1), *filter(None, doubts)),
    )


class _AtomSite:
    """Columns of the category by name, each of n rows."""

    def __init__(self, column: Column, n: int) -> None:
        self._column = column
        self._n = n

    def text(self, *names: str, stated_empty: bool = False) -> NDArray[np.str_]:
        """Return the first of these columns that states a value, row by row; "" where none does.

        With ``stated_empty`` an empty value in quotes is a value: it is not looked for in the next column.
        """
        filled = np.full(self._n, "")
        open_rows = np.ones(self._n, dtype=bool)
        for name in names:
            values = self._column(name)
            if values is None:
                continue
            if len(values) != self._n:
                raise ParseError(f"the column {name} has {len(values)} rows, Cartn_x has {self._n}")
            array = np.asarray([value or "" for value in values])
            stated = np.asarray([value is not None for value in values]) if stated_empty else array != ""
            filled = np.where(open_rows & stated, array, filled)
            open_rows &= ~stated
            if not open_rows.any():
                break
        return filled

    def disagreement(self, read: str, other: str, rows: NDArray[np.integer[Any]]) -> str:
        """Return a note where two columns that name the same thing differ in some rows; "" where they agree."""
        names, others = _upper(self.text(read))[rows], _upper(self.text(other))[rows]
        differing = np.flatnonzero((names != others) & (names != "") & (others != ""))
        if not differing.size:
            return ""
        first = differing[0]
        return (
            f"{read} and {other} differ for {differing.size} atoms, first {str(names[first])!r} and "
            f"{str(others[first])!r} of atom {rows[first] + 1}: {read} was read"
        )

    def numbers(self, *names: str, missing: float) -> NDArray[np.float64]:
        """Return a column as numbers; a CIF number may carry its uncertainty in brackets."""
        values = self.text(*names)
        values = np.where(values == "", str(missing), values)
        try:
            return np.asarray([float(value) for value in values.tolist()])
        except ValueError:
            pass
        numbers = np.empty(self._n)
        for row, value in enumerate(values.tolist()):
            try:
                numbers[row] = float(value.partition("(")[0])
            except ValueError as error:
                raise ParseError(f"{names[0]} is {value!r}, not a number", position=f"atom {row + 1}") from error
        return numbers


def _upper(values: NDArray[np.str_]) -> NDArray[np.str_]:
    """Return strings in upper case; a list of them is several times faster here than numpy's own way."""
    return np.asarray([value.upper() for value in values.tolist()], dtype=np.str_)


def _polymer(
    label_sequence: NDArray[np.str_], hetero: NDArray[np.bool_], residue: NDArray[np.str_]
) -> NDArray[np.int8]:
    """Return what ``label_seq_id`` says of each atom; programs that number water with it say nothing by it."""
    placed = label_sequence != ""
    tells = placed.any() and not (placed & np.isin(residue, sorted(WATERS))).any()
    if tells:
        return np.asarray(placed, dtype=np.int8)
    return np.asarray(np.where(hetero, -1, 1), dtype=np.int8)


def _refuse_missing(column: Column) -> None:
    """Refuse a table without what no other column stands in for."""
    for names in _NEEDED:
        if all(column(name) is None for name in names):
            raise ParseError(f"the atom_site table has no column {' or '.join(names)}")


def _refuse_unnumbered(number: NDArray[np.float64], residue: NDArray[np.str_]) -> None:
    """Refuse numbers that are none, and amino acids without one: they could not be told apart."""
    stated = number[np.isfinite(number)]
    if stated.size and (np.abs(stated).max() > np.iinfo(np.int32).max or (stated % 1 != 0).any()):
        raise ParseError("a residue number is not a whole number of 32 bits")
    for row in np.flatnonzero(~np.isfinite(number)).tolist():
        if letter_of(str(residue[row])) is not None:
            raise ParseError(
                f"a residue {residue[row]} has neither auth_seq_id nor label_seq_id: it cannot be told from the next",
                position=f"atom {row + 1}",
            )
