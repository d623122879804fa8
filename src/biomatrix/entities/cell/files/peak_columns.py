"""Where the columns of a matrix of accessibility lie: from the tables beside it, or from their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import assembly_named, check_inside, chromosome_indices, require_assembly
from biomatrix.entities.cell.files.feature_kinds import coordinate_columns, feature_kinds, region_ids
from biomatrix.entities.cell.files.table_rows import TableRows
from biomatrix.entities.cell.overlaps import genomic_order
from biomatrix.entities.cell.regions import Regions, region_of_name
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError

_GENOME: Final = ("genome", "assembly")
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
    var: TableRows,
    *,
    assembly: str | None = None,
    said: Mapping[str, Any] | None = None,
    one_based: bool = False,
    beside: bool = False,
) -> PeakColumns:
    """Find where the columns of a matrix lie.

    Parameters
    ----------
    var : TableRows
        The table of the columns; those that are peaks are told by
        :func:`~biomatrix.entities.cell.files.feature_kinds.feature_kinds`.
    assembly : str, optional
        Which genome they lie on, where the file does not say.
    said : mapping of str to object, optional
        What the file says besides (``uns``), perhaps its assembly.
    one_based : bool
        Whether starts count from 1, as in R; else from 0, as in BED and 10x Genomics.
    beside : bool
        Whether the other columns are read too, so that nothing is to be said of them.

    Raises
    ------
    UnsupportedError
        No assembly is known, or the file says another one than is given; or the columns are no regions.
    ParseError
        A start after its end, or a region past the end of its chromosome.
    """
    wanted, notes = _wanted(var, beside)
    chromosomes, start, end, told, note = column_places(var, wanted)
    assembly = _assembly(assembly, told, var, wanted, said or {})
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
        name = str(var.index(place, place + 1)[0])
        raise type(error)(f"column {name!r}: {error.message}", position=place) from None
    order = genomic_order(chromosome, start, end)
    ones = np.ones(len(order), dtype=np.float32)
    regions = Regions(assembly, chromosome[order], start[order], end[order], ones)
    twice = int(
        ((np.diff(regions.chromosome) == 0) & (np.diff(regions.start) == 0) & (np.diff(regions.end) == 0)).sum()
    )
    if twice:
        notes.append(f"columns that are the same region as another: {twice:,}; their counts are kept apart")
    return PeakColumns(regions, wanted[order], tuple(notes))


def _wanted(var: TableRows, beside: bool) -> tuple[NDArray[np.int64], list[str]]:
    """Return the columns that are peaks, all where none is told to be one; and a note of those that are not."""
    kinds = feature_kinds(var)
    if not kinds.peaks.any():
        if kinds.told:
            held = kinds.listed(~kinds.peaks)
            raise UnsupportedError(f"the columns are {held}, no peaks; read them as expression")
        return np.arange(len(var)), []
    left = 0 if beside else int((~kinds.peaks).sum())
    notes = [f"left out, since they are no peaks: {left:,} columns"] if left else []
    return np.flatnonzero(kinds.peaks), notes


def column_places(
    var: TableRows, wanted: NDArray[np.int64]
) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64], str, str]:
    """Return where columns of a matrix lie, as :func:`find_columns` reads it, before any of it is checked.

    Parameters
    ----------
    var : TableRows
        The table of the columns.
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
    found = coordinate_columns(var.columns)
    if found is not None:
        told, parts = found
        chromosomes, starts, ends = (var.whole(name)[wanted] for name in parts)
        try:
            start, end = (np.array([_whole(value) for value in part], dtype=np.int64) for part in (starts, ends))
        except (TypeError, ValueError):
            raise ParseError(
                f"the columns {parts[1]} and {parts[2]} of var hold values that are no positions"
            ) from None
        return [str(one) for one in chromosomes], start, end, told, f"places of regions are {', '.join(parts)} of var"
    names = [str(one) for one in var.index(0, len(var))[wanted]]
    read = [region_of_name(name) for name in names]
    where = "the names of columns"
    if not any(read) and (beside := region_ids(var)) is not None:
        read = [region_of_name(str(one)) for one in var.whole(beside)[wanted]]
        where = f"{beside} of var"
    known = [one for one in read if one is not None]
    if known and len(known) == len(read):
        first, last = (np.array(part, dtype=np.int64) for part in zip(*(one[1:] for one in known), strict=True))
        return [one[0] for one in known], first, last, "", f"places of regions were read from {where}"
    if len(known) > len(read) / 2:
        wrong = names[read.index(None)]
        raise ParseError(f"the column {wrong!r} is no region such as chr1:9800-10300, as most others are")
    shown = ", ".join(map(repr, names[:_EXAMPLES]))
    raise UnsupportedError(
        f"the columns are no regions: {shown}; name them as chr1:9800-10300, or give var the columns chrom, start, end"
    )


def _whole(value: Any) -> int:
    if int(value) != float(value):
        raise ValueError
    return int(value)


def _assembly(asked: str | None, told: str, var: TableRows, wanted: NDArray[np.int64], said: Mapping[str, Any]) -> str:
    """Return the assembly that is asked for, or that the file says; where both say one, they are the same."""
    found = assembly_said(told, var, wanted, said)
    if asked is None and not found:
        raise UnsupportedError(
            "regions without an assembly say nothing, and the file names none; say which genome it was mapped to, such "
            "as assembly='hg38' or 'hg19' (--assembly)"
        )
    if asked is None:
        return found
    if found:
        require_assembly(found, asked, "the regions of the file")
    return assembly_named(asked)


def assembly_said(
    told: str, var: TableRows, wanted: NDArray[np.int64], said: Mapping[str, Any], *, human: bool = True
) -> str:
    """Return the assembly that a file says its regions lie on, "" where it says none.

    Parameters
    ----------
    told : str
        The assembly that names of columns tell, or "".
    var, wanted, said
        As of :func:`column_places` and :func:`find_columns`.
    human : bool
        As of :func:`~biomatrix.entities.cell.assemblies.assembly_named`.

    Raises
    ------
    UnsupportedError
        It says several.
    """
    names = {told} if told else set()
    for name in var.columns:
        if name.lower() in _GENOME:
            names |= {str(value) for value in var.whole(name)[wanted]} - {""}
    names |= {value for name, value in said.items() if str(name).lower() in _SAID and isinstance(value, str) and value}
    found = {assembly_named(name, human=human) for name in names}
    if len(found) > 1:
        raise UnsupportedError(f"the file speaks of several genomes, {', '.join(sorted(found))}; write one of them")
    return found.pop() if found else ""
