"""The atoms of an mmCIF file: of its first data block that holds a protein's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from biomatrix.entities.limits import Limits
from biomatrix.entities.structure_files.atom_site import Column, table_of
from biomatrix.entities.structure_files.atom_table import AtomTable
from biomatrix.entities.structure_files.blocks import choose_block
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from gemmi import cif

_NULL: Final = (".", "?")
_QUOTES: Final = "'\";"
"""What a value begins with that is not spelled as it is."""
_LINE: Final[re.Pattern[str]] = re.compile(r":(\d+)[:(]")


def read_cif(text: str, limits: Limits) -> AtomTable:
    """Return the atoms of the first model of an mmCIF file.

    Raises
    ------
    ParseError
        No valid CIF, no atoms, or a file that ends inside a number; ``position`` is the line or the atom.
    LimitError
        More atoms than ``limits.atoms_per_structure``.
    """
    from gemmi import cif

    try:
        document = cif.read_string(text)
    except (ValueError, RuntimeError) as error:
        line = _LINE.search(str(error))
        reason = " ".join(str(error).split())[:200]
        raise ParseError(f"not valid CIF: {reason}", position=int(line.group(1)) if line else None) from error
    _refuse_cut_end(text)
    columns = {block.name: _column_of(block) for block in document if len(block.find_values("_atom_site.Cartn_x"))}
    column, notes = choose_block(columns)
    return table_of(column, limits, notes)


def _column_of(block: cif.Block) -> Column:
    def column(name: str) -> list[str | None] | None:
        from gemmi import cif

        values = list(block.find_values("_atom_site." + name))
        return [
            None if value in _NULL else cif.as_string(value) if value[0] in _QUOTES else value for value in values
        ] or None

    return column


def _refuse_cut_end(text: str) -> None:
    """Refuse a file whose last row of atoms ends, without a line end, in a number shorter than that of the row before.

    Where the table lacks a value the CIF parser refuses it already.
    """
    before, _, last = text.rpartition("\n")
    row, previous = last.split(), before.rpartition("\n")[2].split()
    if not row or row[0] not in ("ATOM", "HETATM") or len(row) != len(previous):
        return
    decimals = [value.partition(".")[2] for value in (row[-1], previous[-1])]
    if "." in previous[-1] and len(decimals[0]) < len(decimals[1]):
        raise ParseError(
            f"the file is cut inside its last row of atoms, at {row[-1]!r}: get the file anew",
            position=text.count("\n") + 1,
        )
