"""Where the atoms and bonds of a MOL block stand, so that an error can name a line of the user's file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from biomatrix.errors import BioMatrixError

COUNTS_LINE: Final = 3
V30: Final = "M  V30 "


@dataclass(frozen=True)
class Layout:
    """The lines of a MOL block.

    Parameters
    ----------
    lines : sequence of str
        From its title on.
    first : int
        The number, from 1, that the title has in the file.
    atoms, bonds : sequence of int
        The index in ``lines`` of each.
    """

    lines: Sequence[str]
    first: int
    atoms: Sequence[int]
    bonds: Sequence[int]

    def symbol(self, atom: int) -> str:
        """Return what stands in place of the element of an atom, by the atom's index from 0; "" where there is none."""
        if atom >= len(self.atoms) or self.atoms[atom] >= len(self.lines):
            return ""
        line = self.lines[self.atoms[atom]]
        if line.startswith(V30):
            fields = line.split()
            return fields[3] if len(fields) > 3 else ""
        return line[31:34].strip()

    def number(self, index: int) -> int:
        """Return the number in the file of a line of the block; that of its last line where it has no such line."""
        return self.first + min(index, max(self.count - 1, 0))

    @property
    def count(self) -> int:
        """The number of lines, empty ones at the end left out."""
        count = len(self.lines)
        while count and not self.lines[count - 1].strip():
            count -= 1
        return count

    def at_atom(self, error: BioMatrixError, atom: int) -> BioMatrixError:
        """Return an error of the same kind that names the line of an atom, counted from 0."""
        index = self.atoms[atom] if atom < len(self.atoms) else COUNTS_LINE
        return self.at_line(error, index, f"atom {atom + 1}")

    def at_bond(self, error: BioMatrixError, bond: int) -> BioMatrixError:
        """Return an error of the same kind that names the line of a bond, counted from 0."""
        index = self.bonds[bond] if bond < len(self.bonds) else COUNTS_LINE
        return self.at_line(error, index, f"bond {bond + 1}")

    def at_line(self, error: BioMatrixError, index: int, what: str = "") -> BioMatrixError:
        """Return an error of the same kind that names a line of the block, by its index."""
        number = self.number(index)
        place = f"in line {number} of the file{f' ({what})' if what else ''}"
        return type(error)(f"{error.message}, {place}", file=error.file, record=error.record, position=number)


def layout_of(lines: Sequence[str], first: int) -> Layout:
    """Return where the atoms and bonds of a MOL block stand, V2000 or V3000, as far as it is one."""
    if is_v3000(lines):
        return Layout(lines, first, list(_v3000_lines(lines, "ATOM")), list(_v3000_lines(lines, "BOND")))
    atoms, bonds = declared_counts(lines) or (0, 0)
    start = COUNTS_LINE + 1
    return Layout(lines, first, range(start, start + atoms), range(start + atoms, start + atoms + bonds))


def is_v3000(lines: Sequence[str]) -> bool:
    """Return whether the counts line says V3000."""
    return len(lines) > COUNTS_LINE and "V3000" in lines[COUNTS_LINE]


def declared_counts(lines: Sequence[str]) -> tuple[int, int] | None:
    """Return the numbers of atoms and bonds that a MOL block declares; None where they cannot be read."""
    if is_v3000(lines):
        for line in lines[4:8]:
            if line.startswith(f"{V30}COUNTS"):
                fields = line.split()
                return _two_numbers(fields[3:5])
        return None
    line = lines[COUNTS_LINE] if len(lines) > COUNTS_LINE else ""
    return _two_numbers([line[:3], line[3:6]])


def _two_numbers(fields: Sequence[str]) -> tuple[int, int] | None:
    if len(fields) < 2 or not all(field.strip().isdecimal() for field in fields):
        return None
    return int(fields[0]), int(fields[1])


def _v3000_lines(lines: Sequence[str], section: str) -> Iterator[int]:
    """Yield the index of the first line of each entry of a section; an entry goes on where its line ends in ``-``."""
    inside = goes_on = False
    for index, line in enumerate(lines):
        if not line.startswith(V30):
            continue
        words = line[len(V30) :].split()
        if words[:2] == ["END", section]:
            return
        if inside and not goes_on:
            yield index
        inside = inside or words[:2] == ["BEGIN", section]
        goes_on = line.rstrip().endswith("-")
