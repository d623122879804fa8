"""A stretch of one chromosome: what surrounds a gene, or an interval that is named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from biomatrix.entities.cell.assemblies import (
    assembly_named,
    chromosome_index,
    chromosome_lengths,
    require_assembly,
)
from biomatrix.entities.cell.regions import CHROMOSOMES
from biomatrix.errors import ConfigurationError

REACH: Final = 500_000
"""Bases on each side of a gene's transcription start."""
_INTERVAL: Final = re.compile(r"((?:chr)?\w+):([\d,]+)-([\d,]+)")


@dataclass(frozen=True)
class Locus:
    """A stretch of one chromosome.

    Parameters
    ----------
    assembly : str
    chromosome : int
        Place in :data:`CHROMOSOMES`.
    start, end : int
        0-based, half open, within the chromosome.
    centre : int
        What is nearest to it matters most: the transcription start of a gene, else the middle.
    name : str
        As it was asked for.
    """

    assembly: str
    chromosome: int
    start: int
    end: int
    centre: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({CHROMOSOMES[self.chromosome]}:{self.start:,}-{self.end:,} of {self.assembly})"


def locus_named(name: str, assembly: str, reach: int = REACH) -> Locus:
    """Return the surroundings of a gene, or an interval.

    Parameters
    ----------
    name : str
        A gene by any name that :func:`~biomatrix.entities.cell.genes.resolve` knows, or an interval such as
        ``chr11:117,800,000-118,800,000`` (0-based, half open).
    assembly : str
        Genes are placed on hg38 alone.
    reach : int
        Bases on each side of a gene's transcription start.

    Raises
    ------
    ConfigurationError
        No such gene or interval.
    UnsupportedError
        A gene is asked for on another assembly than hg38.

    Examples
    --------
    >>> str(locus_named("CD3D", "hg38"))
    'CD3D (chr11:117,842,704-118,842,705 of hg38)'
    """
    assembly = assembly_named(assembly)
    if (found := _INTERVAL.fullmatch(name.strip())) is not None:
        chromosome = chromosome_index(found[1])
        start, end = (int(number.replace(",", "")) for number in found.groups()[1:])
        if chromosome < 0 or not start < end <= chromosome_lengths(assembly)[chromosome]:
            raise ConfigurationError(
                f"{name!r} is no interval of {assembly}: give a chromosome, a start and a larger end on it"
            )
        return Locus(assembly, chromosome, start, end, (start + end) // 2, name)
    if reach < 1:
        raise ConfigurationError(f"{reach} bases on each side of a gene: give 1 or more")
    chromosome, centre = _start_of(name, assembly)
    end = min(centre + reach + 1, int(chromosome_lengths(assembly)[chromosome]))
    return Locus(assembly, chromosome, max(centre - reach, 0), end, centre, name)


def _start_of(name: str, assembly: str) -> tuple[int, int]:
    """Return the chromosome and the transcription start of a gene, 0-based."""
    from biomatrix.entities.cell.genes import gene_table, resolve
    from biomatrix.entities.cell.genes.table import ASSEMBLY

    found = resolve([name], refused_below=0.0)
    gene = found.ensembl_ids[0]
    if not gene:
        others = f"; it names {' and '.join(found.ambiguous[0][1])}" if found.ambiguous else ""
        raise ConfigurationError(
            f"no gene {name!r}{others}; give a symbol, an Ensembl id, or chr11:117,800,000-118,800,000"
        )
    table = gene_table()
    row = table.rows[gene]
    require_assembly(ASSEMBLY, assembly, "the genes of the table")
    chromosome = chromosome_index(str(table.chromosome[row]))
    if chromosome < 0:
        raise ConfigurationError(f"{name!r} lies on {table.chromosome[row]}, which is no chromosome")
    return chromosome, int(table.transcription_start[row])
