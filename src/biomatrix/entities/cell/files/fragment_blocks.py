"""Fragments of single cells, read block by block: lines as Cell Ranger writes them, or rows of a Parquet table."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import chromosome_indices
from biomatrix.entities.files.reading import label_of, open_bytes
from biomatrix.entities.limits import Limits
from biomatrix.errors import BioMatrixError, ParseError

if TYPE_CHECKING:
    from pyarrow import RecordBatch

_BLOCK: Final = 8 << 20
"""Bytes of text that are read at once."""
_ROWS: Final = 1 << 20
"""Rows of a Parquet table that are read at once."""
_LEAST_COLUMNS: Final = 4
_NAMES: Final = ("chromosome", "start", "end", "barcode")
_TABLE: Final = ("chrom", "start", "end", "cell")
"""The same columns of a Parquet table."""


@dataclass(frozen=True, eq=False)
class FragmentBlock:
    """Some fragments in the order of their file.

    Legend: F fragments.

    Parameters
    ----------
    first : int
        The number of the first line or row, from 1.
    names : list of str
        The chromosomes and scaffolds that occur.
    named : ndarray, shape=(F,), dtype=int64
        The place of each fragment's chromosome among them.
    chromosome : ndarray, shape=(F,), dtype=int16
        Places in :data:`~biomatrix.entities.cell.regions.CHROMOSOMES`; -1 on scaffolds.
    start, end : ndarray, shape=(F,), dtype=int64
        0-based, half open; not checked.
    barcodes : list of str
        Those that occur.
    which : ndarray, shape=(F,), dtype=int64
        The place of each fragment's barcode among them.
    """

    first: int
    names: list[str]
    named: NDArray[np.int64]
    chromosome: NDArray[np.int16]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    barcodes: list[str]
    which: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start)


def fragment_blocks(path: str | Path, limits: Limits) -> Iterator[FragmentBlock]:
    """Yield the fragments of a file, in memory that does not grow with it.

    Parameters
    ----------
    path : str or Path
        As Cell Ranger writes it (``fragments.tsv.gz``): tabs, packed or not; or ``.parquet`` with the columns chrom,
        start, end, cell.
    limits : Limits

    Raises
    ------
    ParseError
        A line or row is no fragment, or there is none.
    """
    label = label_of(path)
    try:
        if Path(path).suffix == ".parquet":
            yield from _blocks(_rows(Path(path), limits), 1)
            return
        with open_bytes(path, limits) as stream:
            first = 1 + _skip_comments(stream)
            yield from _blocks(_lines(stream), first)
    except BioMatrixError as error:
        raise error.at(file=label) from error.__cause__


def _blocks(batches: Iterator[RecordBatch], first: int) -> Iterator[FragmentBlock]:
    for batch in batches:
        words, barcodes = batch.column(0), batch.column(3)
        names = words.dictionary.to_pylist()
        named, which = (np.asarray(part.indices.to_numpy(), dtype=np.int64) for part in (words, barcodes))
        start, end = (np.asarray(batch.column(place).to_numpy(), dtype=np.int64) for place in (1, 2))
        yield FragmentBlock(
            first, names, named, chromosome_indices(names)[named], start, end, barcodes.dictionary.to_pylist(), which
        )
        first += batch.num_rows


def _skip_comments(stream: io.BufferedReader[Any]) -> int:
    """Pass over the comments at the head; return how many lines they are."""
    lines = 0
    while stream.peek(1)[:1] in (b"#", b"\n"):
        stream.readline()
        lines += 1
    if not stream.peek(1):
        raise ParseError(
            "holds no fragment: every line has a chromosome, a start, an end and a barcode, parted by tabs"
        )
    return lines


def _lines(stream: io.BufferedReader[Any]) -> Iterator[RecordBatch]:
    """Yield the columns of fragments, a block of lines at a time."""
    import pyarrow as pa
    from pyarrow import csv

    first = stream.peek(1 << 16).split(b"\n", 1)[0].rstrip(b"\r")
    fields = first.split(b"\t")
    if len(fields) < _LEAST_COLUMNS or not (fields[1].isdigit() and fields[2].isdigit()):
        raise ParseError(
            f"{first[:60].decode(errors='replace')!r} is no fragment: give a chromosome, a start, an end and a "
            "barcode, parted by tabs"
        )
    names = [*_NAMES, *(f"column {number}" for number in range(len(_NAMES), len(fields)))]
    text = pa.dictionary(pa.int32(), pa.string())
    types = dict(zip(_NAMES, (text, pa.int64(), pa.int64(), text), strict=True))
    try:
        reader = csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            read_options=csv.ReadOptions(column_names=names, block_size=_BLOCK, use_threads=False),
            parse_options=csv.ParseOptions(delimiter="\t", quote_char=False, double_quote=False),
            convert_options=csv.ConvertOptions(
                column_types=types, include_columns=list(_NAMES), null_values=[], strings_can_be_null=False
            ),
        )
        yield from reader
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0][:160]
        raise ParseError(f"a line is no fragment: {reason}; each has {len(names)} values parted by tabs") from error


def _rows(path: Path, limits: Limits) -> Iterator[RecordBatch]:
    """Yield the columns of fragments of a Parquet table, some of its rows at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = 0
    try:
        limits.check("file_bytes", path.stat().st_size, "size of the file in bytes")
        for batch in pq.ParquetFile(path).iter_batches(_ROWS, columns=list(_TABLE)):
            named = [
                batch.column(name).cast(pa.string() if name in ("chrom", "cell") else pa.int64()) for name in _TABLE
            ]
            if any(column.null_count for column in named):
                raise ParseError("a fragment lacks a value; fill or drop such rows")
            columns = [one.dictionary_encode() if one.type == pa.string() else one for one in named]
            yield pa.RecordBatch.from_arrays(columns, names=list(_NAMES))
            found += batch.num_rows
    except (OSError, KeyError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0][:160]
        raise ParseError(f"is no Parquet table of {', '.join(_TABLE)}: {reason}") from error
    if not found:
        raise ParseError("holds no fragment: the table has no rows")
