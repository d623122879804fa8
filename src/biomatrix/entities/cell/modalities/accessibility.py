"""Open chromatin of a cell: regions in genomic order, ``<C chr11><T 236><B 684>``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.automaton import Automaton
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.cell.assemblies import require_assembly
from biomatrix.entities.cell.entity import Cell
from biomatrix.entities.cell.locus import REACH, Locus
from biomatrix.entities.cell.modalities.accessibility_grammar import accessibility_class, accessibility_grammar
from biomatrix.entities.cell.modalities.accessibility_scope import AccessibilityScope
from biomatrix.entities.cell.region_choice import Counted, chosen
from biomatrix.entities.cell.region_list import RegionList
from biomatrix.entities.cell.region_reading import read_bins, read_listed
from biomatrix.entities.cell.region_tokens import (
    BINS,
    PATTERN,
    bin_heads,
    bin_tokens,
    level_of,
    listed_tokens,
    number_of_tiles,
    region_ids,
)
from biomatrix.entities.cell.regions import Regions
from biomatrix.entities.cell.rising_automaton import RisingAutomaton
from biomatrix.entities.grammar import Grammar
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.errors import ConfigurationError, UnsupportedError

if TYPE_CHECKING:
    from biomatrix.entities.check import Check

LOCUS_TOKENS: Final = 512
"""The most tokens of one cell in one locus, where ``k`` is not given."""
WHOLE_K: Final = 512
"""The most regions of a whole cell, where ``k`` is not given."""
ALL: Final = 0
"""The ``k`` that writes every region."""


class CellAccessibility(Modality):
    """The open regions of a cell, as bins of 500 bases or as regions of a declared list.

    Parameters
    ----------
    assembly : str
        The genome that tokens speak of; regions on another are refused.
    regions : RegionList, str, Path or sequence of str, optional
        A declared list, such as ENCODE's cCREs, its BED file, or the lines of one: a region is then one token, its
        place in the list.
    locus : str, optional
        A gene, or ``chr11:117,800,000-118,800,000``: only what is open there is written.
    reach : int
        Bases on each side of the transcription start, where the locus is a gene.
    k : int, optional
        The most regions; 0 for all. When not given, 512 of a whole cell, and of a locus as many as 512 tokens hold.
    levels : bool
        Whether a token says how often each region was found open, in five steps.

    Raises
    ------
    ConfigurationError
        No such assembly or locus, or a list too long.
    """

    name: ClassVar[str] = "cell_accessibility"
    kind: ClassVar[str] = "cell"
    file_format: ClassVar[str] = "h5ad"
    start_token: ClassVar[str] = "<|cell_atac_start|>"
    end_token: ClassVar[str] = "<|cell_atac_end|>"
    start_description: ClassVar[str] = "Begins the open chromatin of a cell"
    end_description: ClassVar[str] = "Ends the open chromatin of a cell"
    token_pattern: ClassVar[re.Pattern[str]] = PATTERN
    counts: ClassVar[str | None] = "region"
    cannot_carry: ClassVar[tuple[str, ...]] = (
        "the genes that the cell expresses",
        "where in a bin of 500 bases a region lies, and how wide it is",
        "which of several regions of one bin is open",
        "how often a region was found open, or that within a level",
        "regions past k or outside the locus, and those of scaffolds",
        "the assembly, which is a setting",
        "annotations, name and notes",
    )

    def __init__(
        self,
        assembly: str = "hg38",
        regions: RegionList | str | Path | Sequence[str] | None = None,
        locus: str | None = None,
        reach: int = REACH,
        k: int | None = None,
        levels: bool = False,
    ) -> None:
        self._scope = AccessibilityScope(assembly, regions, locus, reach)
        self.assembly, self.levels = self._scope.assembly, levels
        self._told = {"assembly": self.assembly, "locus": locus, "reach": reach, "k": k, "levels": levels}
        self._asked = k
        if k is not None and k < 0:
            raise ConfigurationError(f"k={k} regions: give 1 or more, or 0 for all")

    @property
    def locus(self) -> Locus | None:
        """Where it looks; None for the whole genome."""
        return self._scope.locus

    @property
    def declared(self) -> RegionList | None:
        """The list that regions are taken from; None for bins."""
        return self._scope.declared

    @cached_property
    def k(self) -> int | None:
        """The most regions that are written; None for all."""
        if self._asked is not None:
            return self._asked or None
        if self.locus is None:
            return WHOLE_K
        heads = 0 if self.declared is not None else 1 + len(self._scope.tiles.number)
        return (LOCUS_TOKENS - heads) // (1 + self.levels)

    def settings(self) -> Mapping[str, Any]:
        """Return the settings, the regions of a list among them, line by line."""
        return self._told | ({} if self.declared is None else {"regions": self.declared.lines()})

    def accepts(self, entity: Entity) -> bool:
        """Return whether it is a cell of which open regions are known."""
        return isinstance(entity, Cell) and entity.regions is not None

    def encode(self, entity: Entity) -> list[str]:
        """Return one to three tokens a region, and one more for its level where levels are written.

        Raises
        ------
        UnsupportedError
            No cell, no open regions, or regions on another assembly.
        """
        regions = self._regions_of(entity)
        numbers, counts, _ = self._chosen(self._scope.counted(regions))
        if not len(numbers):
            where = f" in {self.locus}" if self.locus is not None and len(regions) else ""
            raise UnsupportedError(f"the cell has no open region{where}", record=entity.name or None)
        ends = [f"<N {level}>" for level in level_of(counts)] if self.levels else [""] * len(numbers)
        if self.declared is not None:
            heads = [[f"<E {number}>"] for number in numbers]
        else:
            heads = bin_heads(numbers, self.assembly)
        return [token for head, end in zip(heads, ends, strict=True) for token in (*head, end) if token]

    def _regions_of(self, entity: Entity) -> Regions:
        if not isinstance(entity, Cell):
            raise UnsupportedError(f"{self.name} writes a Cell, not a {type(entity).__name__}")
        if entity.regions is None:
            raise UnsupportedError("nothing is known of the cell's open regions", record=entity.name or None)
        require_assembly(entity.regions.assembly, self.assembly)
        return entity.regions

    def _chosen(self, counted: Counted) -> Counted:
        return chosen(counted, self.k, self._scope.distance(counted.numbers))

    def losses(self, entity: Entity) -> tuple[str, ...]:
        """Return how many regions are left out, and why."""
        regions = self._regions_of(entity)
        counted = self._scope.counted(regions)
        outside, written = len(regions) - counted.used, len(self._chosen(counted).numbers)
        said = []
        if outside:
            places = ["the declared list"] if self.declared is not None else []
            places += [str(self.locus)] if self.locus is not None else []
            said.append(f"{outside:,} open regions outside {' and '.join(places)} are left out")
        if written < len(counted.numbers):
            said.append(
                f"{len(counted.numbers) - written:,} open regions beside the {written:,} most open are left out"
            )
        return tuple(said)

    def decode(self, tokens: Sequence[str]) -> Cell:
        """Return a cell without genes whose open regions are the bins, or the regions of the list.

        Raises
        ------
        DecodeError
            With the index of the first token that is none, or that does not rise.
        """
        if self.declared is None:
            regions = read_bins(tokens, self.assembly, self.levels)
        else:
            regions = read_listed(tokens, self.declared, self.levels)
        return Cell(np.empty(0, dtype=object), np.empty(0, dtype=np.float32), regions=regions)

    @cached_property
    def _descriptions(self) -> Mapping[str, str]:
        if self.declared is None:
            return bin_tokens(self.assembly, self.levels)
        return listed_tokens(self.declared, self.levels)

    def vocabulary(self) -> Mapping[str, str]:
        """Return the tokens of chromosomes, tiles and bins, or of the list, and those of levels."""
        return self._descriptions

    def geometry(self, token: str) -> NDArray[np.float64] | None:
        """Return which kind of position a token says and where, ``float64 [2]``; None for chromosomes and levels."""
        scale = {
            "T": (4.0, number_of_tiles(self.assembly)),
            "B": (8.0, BINS),
            "E": (12.0, len(self.declared or ()) or 1),
        }
        if (found := scale.get(token[1:2])) is None:
            return None
        return np.array([found[0], int(token[3:-1]) / found[1]])

    def grammar(self) -> Grammar:
        """Return which class may follow which; that they only rise is left to :meth:`automaton`."""
        return accessibility_grammar(listed=self._scope.is_listed, levels=self.levels)

    def token_class(self, token: str) -> int:
        """Return the class of a token by its first letter."""
        return accessibility_class(token)

    def automaton(self, ids: SegmentIds) -> Automaton:
        """Return the automaton of regions that only rise, within the locus where there is one."""
        tiles = self._scope.tiles  # first: a locus that no region of the list meets is refused here
        count = None if self.declared is None else len(self.declared)
        of = region_ids(ids.tokens, self.assembly, count, self.levels)
        return RisingAutomaton(self.name, ids.start_id, ids.end_id, of, tiles)

    def length(self, tokens: Sequence[str]) -> int:
        """Return the number of regions."""
        return sum(token[1:2] in ("B", "E") for token in tokens)

    def units(self, tokens: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the region that each bin and level writes; chromosomes and tiles write none."""
        made: list[tuple[int, ...]] = []
        written = -1
        for token in tokens:
            written += token[1:2] in ("B", "E")
            made.append((written,) if token[1:2] in ("B", "E", "N") else ())
        return made

    def check(self, entity: Entity) -> list[Check]:
        """Return whether the open regions are as many as in real cells, and where they lie."""
        from biomatrix.entities.cell.region_checks import check_regions

        return check_regions(self._regions_of(entity), whole=self.locus is None)
