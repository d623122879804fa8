"""Files of molecules cut into the texts of their records, one at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from biomatrix.entities.files.text import Lines
from biomatrix.entities.limits import Limits

SDF_END: Final[str] = "$$$$"
MOL2_START: Final[str] = "@<TRIPOS>MOLECULE"
HEADER_LINES: Final[int] = 3
JOINED_NOTE: Final = "MOL blocks joined without $$$$ were read apart"
_BLOCK_END: Final[str] = "M  END"
_COUNTS: Final = re.compile(r"^[ \d]{6}.*V[23]000\s*$")


@dataclass(frozen=True)
class RecordText:
    """The text of one record, the record's number from 1, its first line's number from 1, and notes on both."""

    number: int
    line: int
    text: str
    oversized: bool = False
    notes: tuple[str, ...] = ()


def cut_records(lines: Lines, file_format: str, limits: Limits) -> Iterator[RecordText]:
    """Yield the records of a file of MOL blocks ("sdf", "mol") or of MOL2 ("mol2")."""
    if file_format == "mol2":
        blocks = _blocks(lines, limits, starts=lambda line: line[: len(MOL2_START)].upper() == MOL2_START)
        yield from _numbered(blocks)
    else:
        blocks = _blocks(lines, limits, ends=lambda line: line.startswith(SDF_END))
        yield from _numbered(part for block in blocks for part in apart(block))


def apart(record: RecordText) -> list[RecordText]:
    """Return the MOL blocks of one record of an SD file: several where files were joined without ``$$$$``.

    A block inside a data item, below its ``> <NAME>`` line, is a value and stays one.
    """
    if record.text.count(f"\n{_BLOCK_END}") < 2:
        return [record]
    lines = record.text.split("\n")
    starts = [0]
    end = None
    for index, line in enumerate(lines):
        if line.startswith(_BLOCK_END):
            end = index
        elif end is not None and _COUNTS.match(line):
            start = max(index - HEADER_LINES, end + 1)
            if not lines[start - 1].startswith(">"):
                starts.append(start)
            end = None
    if len(starts) == 1:
        return [record]
    return [
        replace(record, line=record.line + start, text="\n".join(lines[start:stop]) + "\n", notes=(JOINED_NOTE,))
        for start, stop in zip(starts, [*starts[1:], len(lines) - 1], strict=True)
    ]


def _numbered(records: Iterator[RecordText]) -> Iterator[RecordText]:
    for number, record in enumerate(records, start=1):
        yield replace(record, number=number)


def _blocks(
    lines: Lines,
    limits: Limits,
    starts: Callable[[str], bool] | None = None,
    ends: Callable[[str], bool] | None = None,
) -> Iterator[RecordText]:
    """Cut lines into records before each line that starts one, or after each that ends one."""
    block: list[str] = []
    first, last, size, oversized = 1, 0, 0, False
    for index, line in enumerate(lines, start=1):
        opening = starts is not None and starts(line)
        closing_line = ends is not None and ends(line)
        if opening or closing_line:
            if any(part.strip() for part in block) and (starts is None or starts(block[0])):
                yield RecordText(0, first, "\n".join(block) + "\n", oversized, lines.notes(first, index - 1))
            block, size, oversized = [], 0, False
            first = index + closing_line
        if closing_line:
            continue
        size += len(line) + 1
        oversized = oversized or size > limits.record_bytes
        # Past the limit the rest is read but not kept, so that the next record can still be found.
        if not oversized:
            block.append(line)
        last = index
    if any(part.strip() for part in block):
        yield RecordText(0, first, "\n".join(block) + "\n", oversized, lines.notes(first, last))
