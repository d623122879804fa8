"""The atoms of a structure file from its bytes, by its format."""

from __future__ import annotations

from dataclasses import replace

from biomatrix.entities.files.text import text_of
from biomatrix.entities.limits import Limits
from biomatrix.entities.structure_files.atom_table import AtomTable


def read_atom_table(content: bytes, file_format: str, limits: Limits) -> AtomTable:
    """Return the atoms of the first model of a "pdb", "cif" or "bcif" file from its unpacked bytes.

    Raises
    ------
    ParseError
        Broken syntax, a field that is not a number, or no atoms; ``position`` is the line where it is known.
    LimitError
        More atoms than ``limits.atoms_per_structure``.
    """
    if file_format == "bcif":
        from biomatrix.entities.structure_files.binary_cif_table import read_binary_cif

        return read_binary_cif(content, limits)
    opened = text_of(content)
    if file_format == "pdb":
        from biomatrix.entities.structure_files.pdb_table import read_pdb

        table = read_pdb(opened.text, limits)
    else:
        from biomatrix.entities.structure_files.cif_table import read_cif

        table = read_cif(opened.text, limits)
    return replace(table, notes=(*opened.notes, *table.notes))
