"""The first fault of a MOL block that RDKit does not read: which line, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from math import isfinite
from typing import Final, NamedTuple

from rdkit import Chem

from biomatrix.entities.molecule.files.mol_layout import (
    COUNTS_LINE,
    V30,
    Layout,
    declared_counts,
    is_v3000,
)

_SHOWN: Final = 40
_VERSION: Final = re.compile(r"V[23]000\s*$")
_BLOCK_END: Final = "M  END"
_WHOLE: Final = re.compile(r" *[+-]?[0-9]+ *")
_PROPERTY: Final = ("M  ", "A  ", "V  ", "G  ", "S  ")
_PAIRED: Final = ("M  CHG", "M  RAD", "M  ISO")
_NOT_ELEMENTS: Final = frozenset(
    ["A", "Q", "X", "M", "L", "R", "R#", "LP", "*", "D", "T", "AH", "QH", "XH", "MH", "Pol", "Mod"]
)
_MOST_BOND_TYPE: Final = 10


class Fault(NamedTuple):
    """The index of a line of the block, what is wrong, and the atom or bond it is about, in words or ""."""

    line: int
    message: str
    what: str = ""


_ENDS: Final = "the record ends before all are there; the counts line declares {} {}"


def first_fault(layout: Layout) -> Fault | None:
    """Return the first fault of a MOL block, None where none is seen."""
    lines = layout.lines
    if layout.count <= COUNTS_LINE:
        return Fault(layout.count - 1, "the record ends before its counts line, the fourth")
    counts = declared_counts(lines)
    if counts is None:
        return _counts_fault(lines)
    message = _fields_fault(_triples(lines[COUNTS_LINE][6:33]))
    if message:
        return Fault(COUNTS_LINE, message)
    version = lines[COUNTS_LINE][33:39].strip()
    if version not in ("", "V2000", "V3000") and _VERSION.search(lines[COUNTS_LINE]):
        return Fault(COUNTS_LINE, "the columns of the counts line are shifted: each number takes three, up to 999")
    if version not in ("", "V2000", "V3000"):
        return Fault(COUNTS_LINE, f"{version!r} is no version of MOL blocks, which are V2000 or V3000")
    faults = _v3000_faults(layout, counts) if is_v3000(lines) else _v2000_faults(layout, counts)
    return next(faults, None)


def misread_coordinate(layout: Layout) -> Fault | None:
    """Return a fault where a coordinate is no number, such as one with a comma; RDKit takes some of them for 0."""
    v3000 = is_v3000(layout.lines)
    for number, index in enumerate(layout.atoms, start=1):
        line = layout.lines[index] if index < layout.count else ""
        if v3000 and line.rstrip().endswith("-"):
            continue  # the coordinates may stand in the line below
        fields = line.split()[4:7] if v3000 else [line[place : place + 10] for place in (0, 10, 20)]
        wrong = next((field for field in fields if not _is_number(field)), None)
        if wrong is not None:
            return Fault(index, f"the coordinate {wrong.strip()!r} is no number", f"atom {number}")
    return None


def surplus_line(layout: Layout) -> Fault | None:
    """Return a fault where a V2000 block goes on with atoms or bonds that its counts line does not declare."""
    counts = declared_counts(layout.lines)
    if counts is None or is_v3000(layout.lines):
        return None
    index = COUNTS_LINE + 1 + sum(counts)
    line = layout.lines[index] if index < len(layout.lines) else ""
    if not line[:9].replace(" ", "").isdecimal() or not line[6:9].strip():
        return None
    return Fault(index, f"the counts line declares {counts[1]} bonds, and another follows: {_shown(line)}")


def element_fault(symbol: str) -> str:
    """Return what is wrong with a symbol in place of an element; "" where it is one, or a known pseudo-atom."""
    name = symbol.capitalize()
    if symbol in _NOT_ELEMENTS or name in _element_names() or re.fullmatch(r"R\d+", symbol):
        return ""
    return f'"{symbol}" is no element' if symbol else "no element is given"


def _counts_fault(lines: Sequence[str]) -> Fault:
    if is_v3000(lines):
        return Fault(COUNTS_LINE, "a V3000 block without a line M  V30 COUNTS")
    other = next((index for index, line in enumerate(lines[:8]) if _VERSION.search(line)), None)
    if other not in (None, COUNTS_LINE):
        return Fault(other or 0, f"the counts line is line {(other or 0) + 1} of the record: three go before it")
    return Fault(COUNTS_LINE, f"{_shown(lines[COUNTS_LINE])} is no counts line, which the fourth of a record is")


def _v2000_faults(layout: Layout, counts: tuple[int, int]) -> Iterator[Fault]:
    lines, (atoms, bonds) = layout.lines, counts
    for number, index in enumerate(layout.atoms, start=1):
        if index >= layout.count:
            yield Fault(
                index, f"the record ends before all are there; the counts line declares {atoms} atoms", f"atom {number}"
            )
            return
        message = _atom_fault(lines[index])
        if message:
            short = f"; the counts line declares {atoms} atoms" if message.endswith("atom") else ""
            yield Fault(index, message + short, f"atom {number}")
            return
    seen: set[frozenset[int]] = set()
    for number, index in enumerate(layout.bonds, start=1):
        if index >= layout.count:
            yield Fault(
                index, f"the record ends before all are there; the counts line declares {bonds} bonds", f"bond {number}"
            )
            return
        line = lines[index]
        message = _bond_fault([line[:3], line[3:6], line[6:9]], atoms, seen) or _fields_fault(_triples(line[9:21]))
        if message:
            short = f"; the counts line declares {bonds} bonds" if message == "no line of a bond" else ""
            yield Fault(index, message + short, f"bond {number}")
            return
    surplus = surplus_line(layout)
    if surplus is not None:
        yield surplus
    yield from _property_faults(layout, atoms, COUNTS_LINE + 1 + atoms + bonds)


def _property_faults(layout: Layout, atoms: int, start: int) -> Iterator[Fault]:
    for index in range(start, layout.count):
        line = layout.lines[index]
        if line.startswith(_BLOCK_END):
            return
        if not line.strip():
            yield Fault(index, "an empty line before M  END")
        if not line.startswith(_PROPERTY) and not _atom_fault(line):
            yield Fault(index, f"the counts line declares {atoms} atoms, and another follows: {_shown(line)}")
        if line.startswith(_PAIRED):
            message = _pairs_fault(line.split()[2:], atoms)
            if message:
                yield Fault(index, f"{message}: {_shown(line)}")
    yield Fault(layout.count - 1, "the record has no M  END: it is cut short")


def _v3000_faults(layout: Layout, counts: tuple[int, int]) -> Iterator[Fault]:
    names: dict[str, int] = {}
    for number, index in enumerate(layout.atoms, start=1):
        fields = layout.lines[index].split()[2:]
        message = "no line of an atom" if len(fields) < 6 or not all(map(_is_number, fields[2:5])) else ""
        message = message or ("" if fields[1].startswith(("[", '"', "NOT", "'")) else element_fault(fields[1]))
        if message:
            yield Fault(index, message, f"atom {number}")
            return
        names[fields[0]] = number
    seen: set[frozenset[int]] = set()
    for number, index in enumerate(layout.bonds, start=1):
        fields = layout.lines[index].split()[2:]
        ends = [str(names.get(field, counts[0] + 1)) for field in fields[2:4]]
        message = _bond_fault([*ends, *fields[1:2]], len(names), seen)
        if message:
            yield Fault(index, message, f"bond {number}")
            return
    if (len(layout.atoms), len(layout.bonds)) != counts:
        held = f"{len(layout.atoms)} atoms and {len(layout.bonds)} bonds"
        yield Fault(COUNTS_LINE + 2, f"{V30}COUNTS declares {counts[0]} and {counts[1]}, the block holds {held}")
    for index in range(COUNTS_LINE + 1, layout.count):
        line = layout.lines[index]
        if line.startswith(_BLOCK_END):
            yield from _missing_marks(lines=layout.lines[:index], index=index)
            return
        if not line.strip():
            yield Fault(index, "an empty line before M  END")
        elif not line.startswith(V30.rstrip()):
            yield Fault(index, f"{_shown(line)} is no line of a V3000 block")
    yield Fault(layout.count - 1, "the record has no M  END: it is cut short")


def _missing_marks(lines: Sequence[str], index: int) -> Iterator[Fault]:
    for mark in ("BEGIN CTAB", "END CTAB"):
        if not any(line.startswith(V30) and line[len(V30) :].split() == mark.split() for line in lines):
            yield Fault(index, f"a V3000 block without a line {V30}{mark}")


def _atom_fault(line: str) -> str:
    if not line[:30].strip() or not all(_is_number(line[place : place + 10]) for place in (0, 10, 20)):
        return f"{_shown(line)} is no line of an atom" if line.strip() else "an empty line in place of an atom"
    if not all(isfinite(float(line[place : place + 10])) for place in (0, 10, 20)):
        return "a coordinate is not a finite number"
    return element_fault(line[31:34].strip()) or _fields_fault([line[34:36], *_triples(line[36:69])])


def _fields_fault(fields: Sequence[str]) -> str:
    """Return what is wrong with fields that hold whole numbers or nothing."""
    wrong = next((field for field in fields if field.strip(" ") and not _WHOLE.fullmatch(field)), None)
    return "" if wrong is None else f"{wrong!r} is no number"


def _triples(text: str) -> list[str]:
    return [text[place : place + 3] for place in range(0, len(text), 3)]


def _bond_fault(fields: Sequence[str], atoms: int, seen: set[frozenset[int]]) -> str:
    """Return what is wrong with a bond: its ends, counted from 1, and its type."""
    if len(fields) < 3 or not all(field.strip().isdecimal() for field in fields):
        return "no line of a bond"
    begin, end, order = map(int, fields)
    if not (1 <= begin <= atoms and 1 <= end <= atoms):
        return f"a bond to an atom that is not there: the block has {atoms} atoms"
    if begin == end:
        return "a bond of an atom to itself"
    if not 1 <= order <= _MOST_BOND_TYPE:
        return f"{order} is no type of a bond"
    pair = frozenset((begin, end))
    if pair in seen:
        return f"the bond of atoms {begin} and {end} is given twice"
    seen.add(pair)
    return ""


def _pairs_fault(fields: Sequence[str], atoms: int) -> str:
    """Return what is wrong with the fields of a property line: a count, then as many pairs of atom and value."""
    if not fields or not all(field.lstrip("-").isdecimal() for field in fields):
        return "a property that is not made of numbers"
    if len(fields) < 1 + 2 * int(fields[0]):
        return f"a property that holds fewer than the {fields[0]} pairs it declares"
    if any(not 1 <= int(atom) <= atoms for atom in fields[1 : 1 + 2 * int(fields[0]) : 2]):
        return f"a property of an atom that is not there: the block has {atoms} atoms"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _shown(line: str) -> str:
    return repr(line.rstrip()[:_SHOWN])


@cache
def _element_names() -> frozenset[str]:
    table = Chem.GetPeriodicTable()
    return frozenset(table.GetElementSymbol(number) for number in range(1, 119))
