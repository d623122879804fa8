"""What open chromatin is written as and where it is looked for: bins or a declared list, a whole genome or a locus.

Legend: R open regions of a cell, n numbers of bins or of regions of a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import assembly_named, require_assembly
from biomatrix.entities.cell.locus import Locus, locus_named
from biomatrix.entities.cell.overlaps import RegionIndex
from biomatrix.entities.cell.region_choice import Counted, bins_of, listed
from biomatrix.entities.cell.region_list import RegionList
from biomatrix.entities.cell.region_tokens import BIN, bins_before_chromosomes, tiles_of
from biomatrix.entities.cell.regions import Regions
from biomatrix.entities.cell.rising_automaton import Tiles
from biomatrix.errors import ConfigurationError

LONGEST_LIST: Final = 250_000
"""The most regions of a declared list: each is a token."""


class AccessibilityScope:
    """Bins of 500 bases or the regions of a list, on one assembly, perhaps within a locus; made when first asked for.

    Parameters
    ----------
    assembly, regions, locus, reach
        As of :class:`~biomatrix.entities.cell.modalities.accessibility.CellAccessibility`.
    """

    def __init__(
        self, assembly: str, regions: RegionList | str | Path | Sequence[str] | None, locus: str | None, reach: int
    ) -> None:
        self.assembly = assembly_named(assembly)
        self._source, self._locus, self._reach = regions, locus, reach

    @property
    def is_listed(self) -> bool:
        """Whether there is a list, without making it."""
        return self._source is not None

    @cached_property
    def locus(self) -> Locus | None:
        """Where it looks; None for the whole genome."""
        return None if self._locus is None else locus_named(self._locus, self.assembly, self._reach)

    @cached_property
    def declared(self) -> RegionList | None:
        """The list that regions are taken from; None for bins."""
        if self._source is None:
            return None
        made = self._source
        if isinstance(made, str | Path):
            made = RegionList.from_bed(made, self.assembly)
        elif not isinstance(made, RegionList):
            made = RegionList.from_lines(made, self.assembly)
        require_assembly(made.regions.assembly, self.assembly, "the regions of the list")
        if len(made) > LONGEST_LIST:
            raise ConfigurationError(
                f"a list of {len(made):,} regions is a token for each; give at most {LONGEST_LIST:,}, such as those "
                "open in the cells at hand, or leave the list out and take bins"
            )
        return made

    @cached_property
    def tiles(self) -> Tiles:
        """The tiles that may be written; of a list one, its places within the locus."""
        if self.declared is None:
            return tiles_of(self.assembly, self.locus)
        first, last = 0, len(self.declared) - 1
        if self.locus is not None:
            inside = self._listed_in(self.locus)
            if not len(inside):
                raise ConfigurationError(f"no region of the list lies in {self.locus}; choose another locus or list")
            first, last = int(inside[0]), int(inside[-1])
        return Tiles(*(np.array([number]) for number in (0, 0, first, last)))

    def _listed_in(self, locus: Locus) -> NDArray[np.int64]:
        """Return the places in the list of the regions that meet a locus, rising."""
        chromosome = np.array([locus.chromosome], dtype=np.int16)
        return np.sort(self._index.overlapping(chromosome, np.array([locus.start]), np.array([locus.end]))[1])

    @cached_property
    def _index(self) -> RegionIndex:
        assert self.declared is not None
        one = self.declared.regions
        return RegionIndex(one.chromosome, one.start, one.end)

    def counted(self, regions: Regions) -> Counted:
        """Return which bins, or regions of the list, the open regions of a cell are, within the locus."""
        if self.declared is None:
            return bins_of(regions, self.locus)
        return listed(regions, self.declared, self._index, self.locus)

    def distance(self, numbers: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Return how far each lies from the centre of the locus in bases, ``int64 [n]``; None without a locus."""
        locus = self.locus
        if locus is None:
            return None
        if self.declared is not None:
            middle: NDArray[np.int64] = (self.declared.regions.start[numbers] + self.declared.regions.end[numbers]) // 2
        else:
            middle = (numbers - bins_before_chromosomes(self.assembly)[locus.chromosome]) * BIN + BIN // 2
        away: NDArray[np.int64] = np.abs(middle - locus.centre)
        return away
