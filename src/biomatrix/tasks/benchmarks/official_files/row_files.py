"""Rows of a data file, whatever it is: Parquet, JSON lines, separated values, FASTA, or one string a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from biomatrix.entities.fasta_text import fasta_texts
from biomatrix.entities.files.delimited import Delimited
from biomatrix.entities.files.text import byte_lines, read_lines
from biomatrix.entities.limits import DEFAULT_LIMITS
from biomatrix.entities.tables import columns_of, parquet_rows
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError
from biomatrix.tasks.benchmarks.official_files.json_rows import json_row

RawRow: TypeAlias = Mapping[str, Any]
"""The values of a row by column."""
LINE: Final = "line"
"""The column of a file that has none: a string a line."""


def read_rows(path: Path, *, quoted: bool = True) -> Iterator[RawRow | BioMatrixError]:
    """Yield the rows of a file in order, the error in place of one that cannot be read.

    Parameters
    ----------
    path : Path
        ``.parquet``, ``.jsonl``, ``.csv``, ``.tsv``, ``.txt``; or ``.smi`` and ``.smiles``, which hold one string a
        line, as the column ``line``; or ``.fasta`` and ``.fa``, whose columns are ``sequence`` and the words of the
        header, ``word_1``, ``word_2`` and so on. All but Parquet gzipped or not.
    quoted : bool
        Whether quotation marks hold separated values together; where not, columns are parted by tabs and a mark is a
        character like any other.

    Raises
    ------
    ParseError, LimitError
        The file as a whole cannot be read.
    UnsupportedError
        It is none of these.
    """
    name = path.name.lower().removesuffix(".gz")
    suffix = name[name.rfind(".") :]
    if suffix not in _READERS:
        raise UnsupportedError(f"rows are read from {', '.join(_READERS)}, not from {suffix}", file=str(path))
    if suffix in _SEPARATED and not quoted:
        yield from _tab_separated(path)
    else:
        yield from _READERS[suffix](path)


def _parquet(path: Path) -> Iterator[RawRow]:
    yield from parquet_rows(path, columns_of(path))


def _separated(path: Path) -> Iterator[RawRow | BioMatrixError]:
    yield from Delimited(path).rows(whole=True)


def _tab_separated(path: Path) -> Iterator[RawRow | BioMatrixError]:
    lines = _text_lines(path)
    columns = next(lines, "").split("\t")
    for line in lines:
        values = line.split("\t")
        if len(values) == len(columns):
            yield dict(zip(columns, values, strict=True))
        elif line.strip():
            yield ParseError(f"{len(values)} values under {len(columns)} columns")


def _lines(path: Path) -> Iterator[RawRow]:
    for line in _text_lines(path):
        if line.strip():
            yield {LINE: line.strip()}


def _fasta(path: Path) -> Iterator[RawRow]:
    for record in fasta_texts(read_lines(path), DEFAULT_LIMITS):
        words = {f"word_{number}": word for number, word in enumerate(record.header.split(), start=1)}
        yield {**words, "sequence": record.letters}


def _json_lines(path: Path) -> Iterator[RawRow | BioMatrixError]:
    for line in _text_lines(path, json_text=True):
        if line.strip():
            yield json_row(line)


def _text_lines(path: Path, *, json_text: bool = False) -> Iterator[str]:
    for number, line in enumerate(byte_lines(path, json=json_text), start=1):
        if line is None:
            raise ParseError("a line is longer than a record may be", file=str(path), position=number)
        yield line.decode(errors="replace")


_SEPARATED: Final = (".csv", ".tsv", ".txt")
_READERS: Final[Mapping[str, Callable[[Path], Iterator[RawRow | BioMatrixError]]]] = {
    ".parquet": _parquet,
    ".jsonl": _json_lines,
    **dict.fromkeys(_SEPARATED, _separated),
    ".smi": _lines,
    ".smiles": _lines,
    ".fasta": _fasta,
    ".fa": _fasta,
}
