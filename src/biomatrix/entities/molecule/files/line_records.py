"""Files of one record a line, SMILES or SELFIES with a name: their columns, header, comments and quotes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Final

from biomatrix.entities.files.text import Lines
from biomatrix.entities.limits import Limits
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.files.cutting import RecordText
from biomatrix.entities.molecule.files.headed_columns import HeadedColumns
from biomatrix.entities.molecule.smiles_text import continuation_notes, split_smiles
from biomatrix.errors import ParseError

_SEPARATOR: Final = re.compile(r"[\t,;]| +")
_COMMENT: Final = "#"
_HEADERS: Final = frozenset({"smiles", "canonical_smiles", "isomeric_smiles", "cxsmiles", "selfies", "structure"})
_MARKED: Final = re.compile(r"[,;\"]")
_BRACKETED: Final = re.compile(r"\[[^\]]*\]")
_SYMBOLS: Final = re.compile(r"(\[[^\[\]\s.]*\]|\.)+")
_SEPARATED: Final = "columns separated by {} were read, the first as the molecule and the second as its name"
_SEPARATORS: Final = {",": "commas", ";": "semicolons"}
_MORE_COLUMNS: Final = "columns past the name were not read"
_SPACES: Final = "spaces between the symbols were left out"


def line_records(lines: Lines, file_format: str) -> Iterator[RecordText]:
    """Yield each line that is neither empty nor a comment; a header, which names the columns, is noted and passed over.

    Where a header names several columns, those of the molecule and of its name are taken by their names, else the first
    two. Rows of columns parted by commas, semicolons or tabs, and quoted columns, come out as ``molecule<TAB>name``.
    """
    number = 0
    header: tuple[str, ...] = ()
    table: HeadedColumns | None = None
    for index, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith(_COMMENT):
            continue
        if number == 0 and not header:
            table = HeadedColumns.of_header(line, file_format)
            if table or _columns(line)[0][0].strip().lower() in _HEADERS:
                header = (f"the header {line.strip()[:80]!r} was passed over",)
                continue
        number += 1
        if table is None:
            columns, notes = _columns(line)
            text = line.strip() if not notes else "\t".join(columns)
        else:
            text, notes = "\t".join(table.of_row(line)), (table.note,)
        yield RecordText(number, index, text, notes=(*lines.notes(index, index), *header, *notes))
        header = ()


def read_smiles_line(record: RecordText, limits: Limits) -> Molecule:
    """Return the molecule of a line of SMILES, with its extension and its name."""
    _check_molecule(record)
    smiles, extension, title = split_smiles(record.text)
    name, notes = _name(title)
    notes += continuation_notes(smiles, name)
    return _noted(Molecule.from_smiles(f"{smiles} {extension}".strip(), name, limits=limits), record.notes + notes)


def read_selfies_line(record: RecordText, limits: Limits) -> Molecule:
    """Return the molecule of a line of SELFIES, with its name.

    Spaces between symbols are left out, which is noted; what follows the last symbol is the name.
    """
    _check_molecule(record)
    selfies, _, title = record.text.strip().partition("\t")
    fields = selfies.split()
    symbols = 1
    while symbols < len(fields) and _SYMBOLS.fullmatch(fields[symbols]):
        symbols += 1
    notes = (_SPACES,) if symbols > 1 else ()
    rest = " ".join(fields[symbols:])
    name, more = _name("\t".join(part for part in (rest, title.strip()) if part))
    if _SYMBOLS.fullmatch(name.replace(",", "")):
        raise ParseError("symbols parted by commas: join them, so that the line begins with one SELFIES string")
    molecule = Molecule.from_selfies("".join(fields[:symbols]), name, limits=limits)
    return _noted(molecule, record.notes + notes + more)


def _check_molecule(record: RecordText) -> None:
    """Refuse a row whose column of molecules is empty, lest its name be read as one."""
    if record.text.startswith("\t"):
        raise ParseError(f"line {record.line} has no molecule in its column")


def _columns(line: str) -> tuple[list[str], tuple[str, ...]]:
    """Return the columns of a line and, where something else than white space parts them, a note."""
    first = line.split(None, 1)[0]
    if not _MARKED.search(first):
        return [first], ()
    bare = _BRACKETED.sub("", first)
    separator = next((mark for mark in _SEPARATORS if mark in bare), None)
    if separator is None and not first.startswith('"'):
        return [first], ()
    try:
        columns = next(csv.reader([line.strip()], delimiter=separator or ("\t" if "\t" in line else " ")))
    except csv.Error:
        return [first], ()
    words = _SEPARATED.format(_SEPARATORS[separator]) if separator else "quotes round the columns were left out"
    return [column.strip() for column in columns], (words,)


def _name(title: str) -> tuple[str, tuple[str, ...]]:
    """Return the name in a title: its first column, where tabs part several."""
    name, tab, _ = title.partition("\t")
    return name.strip(), (_MORE_COLUMNS,) if tab else ()


def _noted(molecule: Molecule, notes: tuple[str, ...]) -> Molecule:
    return Molecule(molecule.mol, molecule.name, (*notes, *molecule.notes)) if notes else molecule
