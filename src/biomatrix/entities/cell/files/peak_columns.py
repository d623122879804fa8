"""Where the columns of a matrix of accessibility lie: from the tables beside it, or from their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import assembly_named, check_inside, chromosome_indices, require_assembly
from biomatrix.entities.cell.overlaps import genomic_order
from biomatrix.entities.cell.regions import Regions
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError

PEAKS: Final = "Peaks"
"""What Cell Ranger calls features that are peaks, beside genes."""
Column = Callable[[str], Sequence[Any] | NDArray[Any]]
"""Returns the values of a column of a table."""
FEATURES: Final = ("feature_types", "feature_type")
_CHROMOSOME: Final = ("chrom", "chr", "#chrom", "chromosome", "#chromosome", "seqnames")
_START: Final = ("start", "chromstart", "chrom_start", "chr_start")
_END: Final = ("end", "stop", "chromend", "chrom_end", "chr_end")
_IDS: Final = ("gene_ids", "interval", "peak", "peaks", "id")
_GENOME: Final = ("genome", "assembly")
_NAME: Final = re.compile(r"([^:\s]+?)[:_-](\d+)[_-](\d+)")
_SAID: Final = ("assembly", "genome", "genome_assembly", "reference_genome", "reference")
_EXAMPLES: Final = 5


@dataclass(frozen=True)
class PeakColumns:
    """Which columns of a matrix are regions on chromosomes, in genomic order.

    Legend: R regions.

    Parameters
    ----------
    regions : Regions
    columns : ndarray, shape=(R,), dtype=int64
        The column of the matrix that each region is.
    notes : tuple of str
        Where their places were read, and what was left out.
    """

    regions: Regions
    columns: NDArray[np.int64]
    notes: tuple[str, ...]


def find_columns(
    names: Sequence[str],
    columns: Sequence[str],
    column: Column,
    *,
    assembly: str | None = None,
    said: Mapping[str, Any] | None = None,
    one_based: bool = False,
) -> PeakColumns:
    """Find where the columns of a matrix lie.

    Parameters
    ----------
    names : sequence of str
        Of the columns.
    columns : sequence of str
        The columns of the table beside them (``var``).
    column : callable
        Returns the values of one of those.
    assembly : str, optional
        Which genome they lie on, where the file does not say.
    said : mapping of str to object, optional
        What the file says besides (``uns``), perhaps its assembly.
    one_based : bool
        Whether starts count from 1, as in R; else from 0, as in BED and 10x Genomics.

    Raises
    ------
    UnsupportedError
        No assembly is known, or the file says another one than is given; or the columns are no regions.
    ParseError
        A start after its end, or a region past the end of its chromosome.
    """
    wanted, notes = _wanted(names, columns, column)
    chromosomes, start, end, told, note = column_places(names, columns, column, wanted)
    assembly = _assembly(assembly, told, columns, column, wanted, said or {})
    notes.append(note)
    start = start - one_based
    chromosome = chromosome_indices(chromosomes)
    known = np.flatnonzero(chromosome >= 0)
    if len(known) < len(chromosome):
        lost = sorted({str(chromosomes[at]) for at in np.flatnonzero(chromosome < 0)})
        shown = ", ".join(lost[:_EXAMPLES])
        if not len(known):
            raise ParseError(f"no column lies on a human chromosome; they lie on {shown}")
        notes.append(f"left out, since they lie on no chromosome: {len(chromosome) - len(known):,} columns ({shown})")
    chromosome, start, end, wanted = chromosome[known], start[known], end[known], wanted[known]
    try:
        check_inside(assembly, chromosome, start, end, wanted)
    except BioMatrixError as error:
        place = int(error.position or 0)
        raise type(error)(f"column {names[place]!r}: {error.message}", position=place) from None
    order = genomic_order(chromosome, start, end)
    ones = np.ones(len(order), dtype=np.float32)
    regions = Regions(assembly, chromosome[order], start[order], end[order], ones)
    twice = int(
        ((np.diff(regions.chromosome) == 0) & (np.diff(regions.start) == 0) & (np.diff(regions.end) == 0)).sum()
    )
    if twice:
        notes.append(f"columns that are the same region as another: {twice:,}; their counts are kept apart")
    return PeakColumns(regions, wanted[order], tuple(notes))


def _wanted(names: Sequence[str], columns: Sequence[str], column: Column) -> tuple[NDArray[np.int64], list[str]]:
    """Return the columns that are peaks: all, or those that Cell Ranger calls so."""
    kind = next((name for name in columns if name in FEATURES), None)
    every = np.arange(len(names))
    if kind is None:
        return every, []
    peaks = np.array([str(value) == PEAKS for value in column(kind)], dtype=bool)
    if not peaks.any():
        held = ", ".join(sorted({str(value) for value in column(kind)})[:_EXAMPLES])
        raise UnsupportedError(f"the columns are {held}, no peaks; read them as expression")
    left = int((~peaks).sum())
    return every[peaks], [f"left out, since they are no peaks: {left:,} columns"] if left else []


def column_places(
    names: Sequence[str], columns: Sequence[str], column: Column, wanted: NDArray[np.int64]
) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64], str, str]:
    """Return where columns of a matrix lie, as :func:`find_columns` reads it, before any of it is checked.

    Parameters
    ----------
    names, columns, column
        As of :func:`find_columns`.
    wanted : ndarray, shape=(R,), dtype=int64
        The columns that are regions.

    Returns
    -------
    chromosomes : list of str, length R
    start, end : ndarray, shape=(R,), dtype=int64
    told : str
        The assembly that names of columns tell, or "".
    note : str
        Where all was read.

    Raises
    ------
    ParseError
        A name among others, or a position, is none.
    UnsupportedError
        The columns are no regions.
    """
    found = coordinate_columns(columns)
    if found is not None:
        told, parts = found
        chromosomes, starts, ends = (np.asarray(column(name), dtype=object)[wanted] for name in parts)
        try:
            start, end = (np.array([_whole(value) for value in part], dtype=np.int64) for part in (starts, ends))
        except (TypeError, ValueError):
            raise ParseError(
                f"the columns {parts[1]} and {parts[2]} of var hold values that are no positions"
            ) from None
        return [str(one) for one in chromosomes], start, end, told, f"places of regions are {', '.join(parts)} of var"
    for source in (None, *(name for name in columns if name.lower() in _IDS)):
        texts = [str(names[at]) for at in wanted] if source is None else [str(column(source)[at]) for at in wanted]
        read = [_NAME.fullmatch(text.strip()) for text in texts]
        rows = [one for one in read if one is not None]
        if len(rows) == len(texts) and rows:
            start, end = (np.array([int(one[part]) for one in rows], dtype=np.int64) for part in (2, 3))
            where = "the names of columns" if source is None else f"{source} of var"
            return [one[1] for one in rows], start, end, "", f"places of regions were read from {where}"
        if rows and len(rows) > len(texts) / 2:
            wrong = next(text for text, one in zip(texts, read, strict=True) if one is None)
            raise ParseError(f"the column {wrong!r} is no region such as chr1:9800-10300, as most others are")
    shown = ", ".join(repr(str(names[at])) for at in wanted[:_EXAMPLES])
    raise UnsupportedError(
        f"the columns are no regions: {shown}; name them as chr1:9800-10300, or give var the columns chrom, start, end"
    )


def _whole(value: Any) -> int:
    if int(value) != float(value):
        raise ValueError
    return int(value)


def is_region_name(name: str) -> bool:
    """Return whether a name says where a region lies, such as ``chr1:100-200`` or ``KI270728.1_5_9``."""
    return _NAME.fullmatch(name.strip()) is not None


def coordinate_columns(columns: Iterable[str]) -> tuple[str, tuple[str, str, str]] | None:
    """Return the assembly in their names, or "", and the names of the columns of chromosome, start and end."""
    lower = {name.lower(): name for name in columns}
    chromosome = next((lower[name] for name in _CHROMOSOME if name in lower), None)
    if chromosome is None:
        return None
    for prefix in ("", "hg38_", "hg19_", "hs1_"):
        start = next((lower[prefix + name] for name in _START if prefix + name in lower), None)
        end = next((lower[prefix + name] for name in _END if prefix + name in lower), None)
        if start is not None and end is not None:
            return prefix.rstrip("_"), (chromosome, start, end)
    return None


def _assembly(
    asked: str | None, told: str, columns: Sequence[str], column: Column,
    wanted: NDArray[np.int64], said: Mapping[str, Any],
) -> str:  # fmt: skip
    """Return the assembly that is asked for, or that the file says; where both say one, they are the same."""
    found = assembly_said(told, columns, column, wanted, said)
    if asked is None and not found:
        raise UnsupportedError(
            "regions without an assembly say nothing, and the file names none; say which genome it was mapped to, such "
            "as assembly='hg38' or 'hg19'"
        )
    if asked is None:
        return found
    if found:
        require_assembly(found, asked, "the regions of the file")
    return assembly_named(asked)


def assembly_said(
    told: str, columns: Sequence[str], column: Column, wanted: NDArray[np.int64], said: Mapping[str, Any],
    *, human: bool = True,
) -> str:  # fmt: skip
    """Return the assembly that a file says its regions lie on, "" where it says none.

    Parameters
    ----------
    told : str
        The assembly that names of columns tell, or "".
    columns, column, wanted, said
        As of :func:`column_places` and :func:`find_columns`.
    human : bool
        As of :func:`~biomatrix.entities.cell.assemblies.assembly_named`.

    Raises
    ------
    UnsupportedError
        It says several.
    """
    names = {told} if told else set()
    for name in columns:
        if name.lower() in _GENOME:
            names |= {str(value) for value in np.asarray(column(name), dtype=object)[wanted]} - {""}
    names |= {value for name, value in said.items() if str(name).lower() in _SAID and isinstance(value, str) and value}
    found = {assembly_named(name, human=human) for name in names}
    if len(found) > 1:
        raise UnsupportedError(f"the file speaks of several genomes, {', '.join(sorted(found))}; write one of them")
    return found.pop() if found else ""
