"""Regions from a table: BED, narrowPeak, separated values with a header, Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from biomatrix.entities.cell.assemblies import chromosome_index, chromosome_indices
from biomatrix.entities.cell.bed import bed_rows
from biomatrix.entities.cell.files.feature_kinds import coordinate_columns
from biomatrix.entities.files.reading import read_lines
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError
from biomatrix.links.features import MARKS
from biomatrix.links.region_set import RegionSet
from biomatrix.links.table_files import numbers_of, read_columns

BED: Final = {".bed": 4, ".narrowpeak": 6, ".broadpeak": 6}
"""By extension, the column of a headerless file, from 0, that tells how open a region is."""
TABLES: Final = (".tsv", ".csv", ".txt", ".parquet")
_SIGNAL: Final = ("accessibility", "signal", "DHS", "DHS.RPM", "ATAC", "score")
_ALIKE: Final = ": all regions count alike"


def is_region_file(path: Path) -> bool:
    """Return whether a file is read as a table of regions, by its extension."""
    return extension(path) in (*BED, *TABLES)


def extension(path: Path) -> str:
    """Return the extension in lower case, that of what is packed where it ends in ``.gz``."""
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def read_region_file(path: Path, assembly: str) -> tuple[RegionSet, list[Reject]]:
    """Return the regions of a table, and the rows that are none.

    Rows on scaffolds and other sequences that are no chromosome are counted in a note.

    Raises
    ------
    ConfigurationError
        The extension is not known.
    ParseError
        A column is missing, or no row is a region.
    """
    kind = extension(path)
    if kind in BED:
        return _bed(path, assembly, BED[kind])
    if kind in TABLES:
        return _table(path, assembly)
    raise ConfigurationError(
        f"no table of regions; its name ends in one of {', '.join((*BED, *TABLES))}", file=str(path)
    )


def _bed(path: Path, assembly: str, column: int) -> tuple[RegionSet, list[Reject]]:
    rejects: list[Reject] = []
    rows, elsewhere, told = [], 0, True
    for number, _, cells in bed_rows(read_lines(path)):
        try:
            chromosome, start, end, signal = _bed_row(cells, column)
        except BioMatrixError as error:
            rejects.append(Reject.from_error(error, str(path), number))
            continue
        told = told and signal is not None
        if chromosome < 0:
            elsewhere += 1
        else:
            rows.append((chromosome, start, end, 0.0 if signal is None else signal))
    if not rows:
        raise ParseError(
            "no region on a chromosome; a line is chromosome, start and end parted by tabs", file=str(path)
        )
    values = np.array(rows, dtype=np.float64)
    signals = values[:, 3] if told else np.ones(len(rows))
    notes = tuple(_notes(elsewhere, None if told else f"column {column + 1} tells no signal{_ALIKE}"))
    parts = (values[:, 0].astype(np.int16), values[:, 1].astype(np.int64), values[:, 2].astype(np.int64))
    return RegionSet(assembly, *parts, signals, notes=notes), rejects


def _bed_row(cells: list[str], column: int) -> tuple[int, int, int, float | None]:
    if len(cells) < 3:
        raise ParseError(f"{len(cells)} columns where a region has three: chromosome, start, end")
    if not (cells[1].strip().isdecimal() and cells[2].strip().isdecimal()):
        raise ParseError(f"{cells[1][:20]!r} and {cells[2][:20]!r} are no start and end, whole numbers at least 0")
    start, end = int(cells[1]), int(cells[2])
    if end <= start or end > 2**40:
        raise ParseError(f"a region ends at {end}, not after its start {start}")
    try:
        signal = float(cells[column])
    except (IndexError, ValueError):
        return chromosome_index(cells[0]), start, end, None
    if not (np.isfinite(signal) and signal >= 0):
        raise ParseError(f"the signal {cells[column][:20]} is not at least 0")
    return chromosome_index(cells[0]), start, end, signal


def _table(path: Path, assembly: str) -> tuple[RegionSet, list[Reject]]:
    columns = read_columns(path)
    found = coordinate_columns(columns)
    if found is None:
        raise ParseError(
            f"no columns with chromosome, start and end (such as chrom, start, end) among {', '.join(columns)[:120]}",
            file=str(path),
        )
    told, names = found
    if told and told != assembly:
        raise ConfigurationError(f"its columns {', '.join(names)} lie on {told}, not {assembly}", file=str(path))
    start, end = (numbers_of(columns[name], name, str(path)) for name in names[1:])
    chromosome = chromosome_indices(columns[names[0]])
    wrong = (start < 0) | (end <= start) | (start != np.floor(start)) | (end != np.floor(end)) | (end > 2**40)
    rejects = [
        Reject(str(path), int(row) + 1, None, f"a region from {start[row]:g} to {end[row]:g} is none; start before end")
        for row in np.flatnonzero(wrong)
    ]
    kept = np.flatnonzero(~wrong & (chromosome >= 0))
    if not len(kept):
        raise ParseError("no region on a chromosome", file=str(path))
    held = next((name for name in _SIGNAL if name in columns), None)
    signal = np.ones(len(kept)) if held is None else numbers_of(columns[held], held, str(path))[kept]
    marks = {name: numbers_of(columns[name], name, str(path))[kept] for name in MARKS if name in columns}
    untold = f"no column of signal ({', '.join(_SIGNAL)}){_ALIKE}"
    notes = _notes(int((~wrong & (chromosome < 0)).sum()), untold if held is None else None)
    try:
        parts = (chromosome[kept], start[kept].astype(np.int64), end[kept].astype(np.int64))
        return RegionSet(assembly, *parts, signal, marks, notes=tuple(notes)), rejects
    except ParseError as error:
        raise error.at(file=str(path)) from error


def without_signal_notes(notes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the notes but those about a missing signal, for regions whose signal comes from elsewhere."""
    return tuple(note for note in notes if not note.endswith(_ALIKE))


def _notes(elsewhere: int, untold: str | None) -> Iterator[str]:
    if elsewhere:
        yield f"{elsewhere:,} regions are not on chr1 to chr22, X, Y or M and are left out"
    if untold is not None:
        yield untold
