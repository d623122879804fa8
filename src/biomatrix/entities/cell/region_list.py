"""Declared lists of regions, such as ENCODE's candidate cis-regulatory elements (cCREs), from BED files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import assembly_named, check_inside, chromosome_indices
from biomatrix.entities.cell.bed import bed_rows
from biomatrix.entities.cell.overlaps import genomic_order
from biomatrix.entities.cell.regions import CHROMOSOMES, Regions
from biomatrix.entities.files.reading import label_of, read_lines
from biomatrix.errors import BioMatrixError, ParseError

_COLUMNS: Final = 3


@dataclass(frozen=True, eq=False)
class RegionList:
    """Regions in genomic order, each with its name.

    Parameters
    ----------
    regions : Regions
    names : ndarray, shape=(n,), dtype=object
        The fourth column of the file, such as ``EH38E1516972``; "" where it has none.
    notes : tuple of str
        What was left out.
    """

    regions: Regions
    names: NDArray[np.object_]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.regions)

    @classmethod
    def from_bed(cls, path: str | Path, assembly: str) -> RegionList:
        """Return the regions of a BED file, packed or not, each once.

        Parameters
        ----------
        path : str or Path
            Chromosome, start (0-based), end (not included), perhaps a name; parted by tabs or spaces.
        assembly : str
            Which genome they lie on, which no BED file says.

        Raises
        ------
        ParseError
            A line is no region, or one does not lie on its chromosome of that assembly.
        """
        return cls.from_lines(read_lines(path), assembly, label_of(path))

    @classmethod
    def from_lines(cls, lines: Iterable[str], assembly: str, label: str = "the list of regions") -> RegionList:
        """Return the regions of lines of BED; see :meth:`from_bed`.

        Parameters
        ----------
        lines : iterable of str
        assembly : str
        label : str
            What messages call them.
        """
        chromosomes: list[str] = []
        numbers: list[tuple[int, int, int]] = []
        names: list[str] = []
        for line_number, line, fields in bed_rows(lines):
            try:
                numbers.append((int(fields[1]), int(fields[2]), line_number))
            except (IndexError, ValueError):
                raise ParseError(
                    f"{line[:60]!r} is no region: BED has a chromosome, a start and an end in whole numbers",
                    file=label,
                    position=line_number,
                ) from None
            chromosomes.append(fields[0])
            names.append(fields[_COLUMNS].strip() if len(fields) > _COLUMNS else "")
        if not numbers:
            raise ParseError("the list holds no region", file=label)
        try:
            return cls._of(chromosomes, np.array(numbers, dtype=np.int64), names, assembly)
        except BioMatrixError as error:
            raise error.at(file=label) from None

    def lines(self) -> list[str]:
        """Return the regions as lines of BED, which :meth:`from_lines` reads back."""
        one = self.regions
        chromosomes = [CHROMOSOMES[place] for place in one.chromosome]
        rows = zip(chromosomes, one.start.tolist(), one.end.tolist(), self.names, strict=True)
        return ["\t".join(map(str, row)).rstrip("\t") for row in rows]

    @classmethod
    def _of(cls, chromosomes: list[str], numbers: NDArray[np.int64], names: list[str], assembly: str) -> RegionList:
        assembly = assembly_named(assembly)
        chromosome = chromosome_indices(chromosomes)
        known = np.flatnonzero(chromosome >= 0)
        notes = []
        if len(known) < len(chromosome):
            notes.append(f"left out, since they lie on no chromosome: {len(chromosome) - len(known):,} regions")
        if not len(known):
            raise ParseError(f"none of the regions lies on a human chromosome; the first is on {chromosomes[0]!r}")
        chromosome, start, end = chromosome[known], numbers[known, 0], numbers[known, 1]
        check_inside(assembly, chromosome, start, end, numbers[known, 2])
        order = genomic_order(chromosome, start, end)
        chromosome, start, end = chromosome[order], start[order], end[order]
        kept = np.array(names, dtype=object)[known][order]
        new = np.ones(len(order), dtype=bool)
        new[1:] = (np.diff(chromosome) != 0) | (np.diff(start) != 0) | (np.diff(end) != 0)
        if not new.all():
            notes.append(f"regions that stood twice and were taken once: {int((~new).sum()):,}")
        ones = np.ones(int(new.sum()), dtype=np.float32)
        return cls(Regions(assembly, chromosome[new], start[new], end[new], ones), kept[new], tuple(notes))
