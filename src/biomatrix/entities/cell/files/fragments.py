"""Fragment files of ATAC (chromosome, start, end, barcode, perhaps a count), counted by overlap as they are read.

Memory grows with the pairs of a cell and a region that are found open, not with the file.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import assembly_named, check_inside, chromosome_indices, require_assembly
from biomatrix.entities.cell.fragment_counts import FragmentCounter
from biomatrix.entities.cell.locus import Locus
from biomatrix.entities.cell.region_counts import RegionCounts
from biomatrix.entities.cell.regions import CHROMOSOMES, Regions
from biomatrix.entities.files.reading import label_of, open_bytes
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import BioMatrixError, ParseError

if TYPE_CHECKING:
    from pyarrow import RecordBatch

_BLOCK: Final = 8 << 20
"""Bytes of text that are read at once."""
_LEAST_COLUMNS: Final = 4
_NAMES: Final = ("chromosome", "start", "end", "barcode")
_SORT: Final = "sort it (sort -k1,1 -k2,2n), or say that it is not (ordered=False)"


def read_fragments(
    path: str | Path,
    *,
    assembly: str,
    regions: Regions | None = None,
    locus: Locus | None = None,
    barcodes: Sequence[str] | None = None,
    ordered: bool = True,
    limits: Limits = DEFAULT_LIMITS,
) -> RegionCounts:
    """Return in how many fragments of each cell each region, or each bin of 500 bases, was found.

    A fragment counts once, whatever its number of reads, for every region that it shares a base with.

    Parameters
    ----------
    path : str or Path
        As Cell Ranger writes it: tabs, 0-based starts, ends not included, packed or not.
    assembly : str
        Which genome they lie on, which no such file says.
    regions : Regions, optional
        What is counted; every bin of the genome that a fragment meets when not given.
    locus : Locus, optional
        Fragments that do not meet it are passed over.
    barcodes : sequence of str, optional
        The cells, in the order of the result: one without fragments is kept, fragments of others are passed over. Every
        barcode of the file when not given.
    ordered : bool
        Whether starts must rise within a chromosome, and each chromosome stand in one piece.
    limits : Limits

    Raises
    ------
    ParseError
        A line is no fragment, is out of order, or lies past its chromosome; no barcode is one of those given.
    UnsupportedError
        The regions lie on another assembly.
    """
    assembly = assembly_named(assembly)
    if regions is not None:
        require_assembly(regions.assembly, assembly, "the regions to count in")
    counter = FragmentCounter(assembly, regions, barcodes, locus)
    label = label_of(path)
    try:
        with open_bytes(path, limits) as stream:
            line = 1 + _skip_comments(stream)
            order = _Order(ordered)
            lost: dict[str, int] = {}
            for batch in _batches(stream, label):
                _count(batch, line, counter, order, lost)
                line += batch.num_rows
            counted = counter.result()
    except BioMatrixError as error:
        raise error.at(file=label) from error.__cause__
    passed = sum(lost.values())
    more = (f"left out, since they lie on no chromosome: {passed:,} fragments ({', '.join(sorted(lost)[:3])})",)
    return _noted(counted, more if passed else ())


def _noted(counted: RegionCounts, notes: tuple[str, ...]) -> RegionCounts:
    from dataclasses import replace

    return replace(counted, notes=(*counted.notes, *notes)) if notes else counted


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


def _batches(stream: io.BufferedReader[Any], label: str) -> Iterator[RecordBatch]:
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
    types = {"chromosome": pa.dictionary(pa.int32(), pa.string()), "start": pa.int64(), "end": pa.int64(),
             "barcode": pa.dictionary(pa.int32(), pa.string())}  # fmt: skip
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


class _Order:
    """Whether fragments come in the order of their starts, chromosome by chromosome.

    Parameters
    ----------
    wanted : bool
    """

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._ended: set[int] = set()
        self._chromosome, self._start = -1, -1

    def check(self, chromosome: NDArray[np.int16], start: NDArray[np.int64], numbers: NDArray[np.int64]) -> None:
        """Refuse the first fragment that is out of order."""
        if not self._wanted or not len(start):
            return
        before = np.concatenate([[self._chromosome], chromosome[:-1]])
        falls = (chromosome == before) & (start < np.concatenate([[self._start], start[:-1]]))
        wrong = np.flatnonzero(falls)
        place = int(wrong[0]) if len(wrong) else len(start)
        for at in np.flatnonzero(chromosome != before).tolist():
            if at > place:
                break
            if int(chromosome[at]) in self._ended:
                place = at
                break
            self._ended.add(int(before[at]))
        if place < len(start):
            raise ParseError(
                f"the fragments are not in order: {CHROMOSOMES[chromosome[place]]}:{start[place]} comes after a later "
                f"one; {_SORT}",
                position=int(numbers[place]),
            )
        self._chromosome, self._start = int(chromosome[-1]), int(start[-1])


def _count(batch: RecordBatch, line: int, counter: FragmentCounter, order: _Order, lost: dict[str, int]) -> None:
    """Check and count one block of lines, the first of which has the number ``line``."""
    names = batch.column("chromosome")
    words = names.dictionary.to_pylist()
    codes = np.asarray(names.indices.to_numpy(), dtype=np.int64)
    chromosome = chromosome_indices(words)[codes]
    start, end = (np.asarray(batch.column(name).to_numpy(), dtype=np.int64) for name in ("start", "end"))
    known = chromosome >= 0
    if not known.all():
        for word, times in zip(*np.unique(codes[~known], return_counts=True), strict=True):
            lost[words[word]] = lost.get(words[word], 0) + int(times)
    numbers = np.arange(line, line + len(start))[known]
    chromosome, start, end = chromosome[known], start[known], end[known]
    check_inside(counter.assembly, chromosome, start, end, numbers)
    order.check(chromosome, start, numbers)
    cells = batch.column("barcode")
    counter.add(
        chromosome,
        start,
        end,
        cells.dictionary.to_pylist(),
        np.asarray(cells.indices.to_numpy(), dtype=np.int64)[known],
    )
