"""Which data block of a CIF file is read: the first that holds amino acids; the others are named in a note."""

from __future__ import annotations

from collections.abc import Mapping

from biomatrix.entities.structure_files.atom_site import Column
from biomatrix.entities.structure_files.residues import STANDARD
from biomatrix.errors import ParseError


def choose_block(columns: Mapping[str, Column]) -> tuple[Column, tuple[str, ...]]:
    """Return the columns of one block, and a note of the blocks beside it.

    Parameters
    ----------
    columns : mapping of str to Column
        The category atom_site of each block that has one, by the block's name, in file order.

    Raises
    ------
    ParseError
        No block has one.
    """
    if not columns:
        raise ParseError("no block of the file has an _atom_site table with coordinates")
    name = next((one for one, column in columns.items() if _holds_protein(column)), next(iter(columns)))
    if len(columns) == 1:
        return columns[name], ()
    others = ", ".join(repr(other) for other in columns if other != name)
    return columns[name], (
        f"the data block {name!r} of {len(columns)} with atoms; left out: {others}, which need files of their own",
    )


def _holds_protein(column: Column) -> bool:
    names = set(column("label_comp_id") or ()) | set(column("auth_comp_id") or ())
    return not names.isdisjoint(STANDARD)
