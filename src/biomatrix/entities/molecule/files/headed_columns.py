"""The header of a table with one molecule a line: which column holds the molecule, which its name, what parts them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_MARKS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", " ": "blanks"}
_BLANK: Final = " "
_MOLECULES: Final = {
    "smi": ("smiles", "isomericsmiles", "canonicalsmiles", "cxsmiles", "rdkitsmiles", "structuresmiles", "smi"),
    "selfies": ("selfies",),
}
"""What the column of molecules is called in the files of each format, the best first."""
_LOOSE: Final = ("structure", "molecule", "mol")
"""Names of that column which are also words of other things: they count beside a column of names."""
_NAMES: Final = (
    "name", "title", "moleculename", "compoundname", "id", "moleculeid", "compoundid", "chemblid", "moleculechemblid",
    "zincid", "cid", "pubchemcid", "drugbankid", "compound", "code", "rowid",
)  # fmt: skip
"""What the column of names is called, the best first."""


@dataclass(frozen=True)
class HeadedColumns:
    """The columns of a table whose header names them.

    Parameters
    ----------
    mark : str
        What parts the columns: a comma, a semicolon, a tab; where there is none of them, blanks.
    columns : tuple of str
        Their names, in order.
    molecule, name : int
        Which of them hold the molecule and its name; ``name`` is -1 where none does.
    """

    mark: str
    columns: tuple[str, ...]
    molecule: int
    name: int

    @classmethod
    def of_header(cls, line: str, file_format: str) -> HeadedColumns | None:
        """Return the columns that a line names, or None for a line that is no header of molecules ("smi", "selfies").

        Examples
        --------
        >>> HeadedColumns.of_header("Code;SMILES;pIC50", "smi")
        HeadedColumns(mark=';', columns=('Code', 'SMILES', 'pIC50'), molecule=1, name=0)
        >>> HeadedColumns.of_header("CCO;ethanol", "smi") is None
        True
        """
        mark = max((mark for mark in _MARKS if mark != _BLANK), key=line.count)
        if mark not in line:
            mark = _BLANK
        columns = cells_of(line, mark)
        words = ["".join(char for char in name.lower() if char.isalnum()) for name in columns]
        name = _first_of(_NAMES, words)
        molecule = _first_of(_MOLECULES[file_format], words)
        if molecule < 0 <= name:
            molecule = _first_of(_LOOSE, words)
        if molecule < 0 or (mark == _BLANK and molecule == 0):  # behind a molecule, blanks are part of its name
            return None
        if name < 0:
            name = next((index for index in range(len(words)) if index != molecule), -1)
        return cls(mark, tuple(columns), molecule, name)

    @property
    def note(self) -> str:
        """What was read of each row, in words."""
        named = f" and {self.columns[self.name]!r} as its name" if self.name >= 0 else ""
        others = len(self.columns) - (2 if named else 1)
        more = f"; {others} other column{'s' if others > 1 else ''} left out" if others else ""
        read = f"{self.columns[self.molecule]!r} as the molecule{named}{more}"
        return f"columns separated by {_MARKS[self.mark]} were read, {read}"

    def of_row(self, line: str) -> tuple[str, str]:
        """Return the molecule and the name of a row; "" for a column that it lacks."""
        cells = cells_of(line, self.mark)
        return _cell(cells, self.molecule), _cell(cells, self.name)


def cells_of(line: str, mark: str) -> list[str]:
    """Return the columns of a line, without quotes and the white space around them."""
    if mark == _BLANK:
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=mark), [])]


def _first_of(names: Sequence[str], words: Sequence[str]) -> int:
    return next((words.index(name) for name in names if name in words), -1)


def _cell(cells: Sequence[str], index: int) -> str:
    return cells[index] if 0 <= index < len(cells) else ""
