"""Windows of long sequences in FASTA files by the index of ``samtools faidx``, so that memory does not grow with them.

An index has a line for each record: name, number of bases, offset of the first base in bytes, bases in a line, bytes in
a line. It is read from ``FILE.fai`` where there is one that is no older than the file, else made by one pass.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from biomatrix.entities.files.unpacking import without_packing
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.nucleic.bases import base_kind
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.files.digits import count_of
from biomatrix.entities.nucleic.letters import read_letters
from biomatrix.errors import BioMatrixError, LimitError, ParseError, UnsupportedError

_LONGEST_LINE: Final = 1 << 24
_LONGEST_LINE_END: Final = 2


@dataclass(frozen=True)
class IndexEntry:
    """Where the bases of one record lie; a line of an index."""

    name: str
    length: int
    offset: int
    line_bases: int
    line_bytes: int

    def byte_of(self, base: int) -> int:
        """Return the offset in the file of a base, counted from 0."""
        if not self.line_bases:
            return self.offset
        return self.offset + base // self.line_bases * self.line_bytes + base % self.line_bases


class FastaWindows:
    """An open FASTA file of which windows are read; use it in a ``with`` statement.

    Parameters
    ----------
    path : str or Path
        A file that is not compressed.
    kind : {"dna", "rna"}
        What its records are.
    limits : Limits
        ``bases_per_sequence`` bounds a window, not a record.

    Raises
    ------
    ParseError
        The file cannot be read, holds no record, or has lines of uneven length within one; an index that is not its.
    UnsupportedError
        A compressed file, in which no place can be sought.
    """

    def __init__(self, path: str | Path, kind: str = "dna", *, limits: Limits = DEFAULT_LIMITS) -> None:
        self.path, self.kind, self._limits = Path(path), base_kind(kind), limits
        if without_packing(self.path.name) != self.path.name:
            raise UnsupportedError("windows cannot be sought in a compressed file; unpack it first", file=str(path))
        try:
            self.entries: Mapping[str, IndexEntry] = _index_of(self.path)
            self._file = self.path.open("rb")
        except OSError as error:
            raise ParseError(f"cannot be read: {error.strerror}", file=str(path)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def read(self, record: str, start: int, stop: int, *, strand: int = 1) -> NucleicAcid:
        """Return the bases of a half-open interval, counted from 0; the reverse complement for strand -1.

        Raises
        ------
        ParseError
            No such record, or an interval that is not within it; letters that are no bases.
        LimitError
            More bases than ``limits.bases_per_sequence``.
        """
        label = str(self.path)
        entry = self.entries.get(record)
        if entry is None:
            some = ", ".join(list(self.entries)[:8])
            raise ParseError(f"no record {record!r}; there are {some}", file=label, record=record)
        if not 0 <= start < stop <= entry.length:
            raise ParseError(
                f"the interval {start}..{stop} is not within the {entry.length:,} bases", file=label, record=record
            )
        self._limits.check("bases_per_sequence", stop - start, "length of the window in bases")
        first = entry.byte_of(start)
        self._file.seek(first)
        text = self._file.read(entry.byte_of(stop - 1) + 1 - first)
        letters = text.replace(b"\n", b"").replace(b"\r", b"").decode("latin-1")
        if len(letters) != stop - start or ">" in letters:
            raise ParseError("the index is not that of the file: remove the .fai file", file=label, record=record)
        try:
            acid = read_letters(NucleicAcid, letters, self.kind, f"{record}:{start}-{stop}", self._limits)
        except BioMatrixError as error:
            place = start + error.position if isinstance(error.position, int) else None
            raise ParseError(error.message, file=label, record=record, position=place) from error
        return acid.reverse_complement() if strand < 0 else acid

    def windows(self, record: str, size: int, step: int | None = None) -> Iterator[NucleicAcid]:
        """Yield windows along a record, every ``step`` bases (by default their size); the last may be shorter."""
        if size < 1 or (step is not None and step < 1):
            raise ParseError(f"windows of {size} bases every {step}: both are at least 1")
        length = self.entries[record].length if record in self.entries else 0
        for start in range(0, max(length, 1), step or size):
            yield self.read(record, start, min(start + size, length))
            if start + size >= length:
                return


def write_index(path: str | Path) -> Path:
    """Write the index of a FASTA file beside it as ``FILE.fai`` and return its path."""
    target = Path(f"{path}.fai")
    rows = (
        f"{one.name}\t{one.length}\t{one.offset}\t{one.line_bases}\t{one.line_bytes}\n"
        for one in made_index(Path(path)).values()
    )
    write_whole(target, "".join(rows).encode())
    return target


def _index_of(path: Path) -> Mapping[str, IndexEntry]:
    beside = Path(f"{path}.fai")
    if beside.is_file() and os.path.getmtime(beside) >= os.path.getmtime(path):
        return _read_index(beside)
    return made_index(path)


def _read_index(path: Path) -> Mapping[str, IndexEntry]:
    entries: dict[str, IndexEntry] = {}
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            words = line.rstrip("\n").split("\t")
            numbers = [value for word in words[1:5] if (value := count_of(word)) is not None]
            if len(numbers) < 4:
                raise ParseError("no line of an index: name and four numbers", file=str(path), position=number)
            length, offset, bases, width = numbers
            if not bases <= width <= bases + _LONGEST_LINE_END:
                raise ParseError(f"lines of {bases} bases in {width} bytes", file=str(path), position=number)
            entries[words[0]] = IndexEntry(words[0], length, offset, bases, width)
    return entries


def made_index(path: Path) -> Mapping[str, IndexEntry]:
    """Return the index of a FASTA file by one pass over it, whose memory does not grow with the file.

    Raises
    ------
    ParseError
        No header first, a line of another length before the last of its record, or a name that occurs twice.
    """
    entries: dict[str, IndexEntry] = {}
    name: str | None = None
    offset = start = length = bases = width = 0
    ended = False
    with path.open("rb") as file:
        for number, line in enumerate(_lines(file), start=1):
            offset += len(line)
            stripped = line.rstrip(b"\r\n")
            if line.startswith(b">"):
                if name is not None:
                    entries[name] = IndexEntry(name, length, start, bases, width)
                name = (stripped[1:].split() or [str(number).encode()])[0].decode("utf-8", "replace")
                if name in entries:
                    raise ParseError(f"two records are named {name!r}", file=str(path), position=number)
                start, length, bases, width, ended = offset, 0, 0, 0, False
                continue
            if name is None:
                if stripped:
                    raise ParseError("a FASTA file starts with a line that starts with >", file=str(path))
                continue
            if not stripped:
                ended = True
                continue
            if bases and (ended or len(stripped) > bases):
                raise ParseError("lines of one record differ in length: write it anew", file=str(path), position=number)
            if not bases:
                bases, width = len(stripped), len(line)
            ended = len(stripped) < bases or len(line) != width
            length += len(stripped)
    if name is None:
        raise ParseError("the file holds no FASTA record", file=str(path))
    entries[name] = IndexEntry(name, length, start, bases, width)
    return entries


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file.

    Raises
    ------
    LimitError
        A line longer than memory should hold, as of a chromosome on one line.
    """
    while line := file.readline(_LONGEST_LINE + 1):
        if len(line) > _LONGEST_LINE:
            raise LimitError(
                f"a line of more than {_LONGEST_LINE:,} bytes: break it, as seqkit seq -w 60 does, or give an index"
            )
        yield line
