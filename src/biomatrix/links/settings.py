"""How links are found: what a person may set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from biomatrix.links.candidates import REACH

PERCENTILE: Final = "percentile"
READS: Final = "rpm"
SIGNALS: Final = (PERCENTILE, READS)
DEFAULT: Final = "accessibility"


@dataclass(frozen=True, eq=False)
class Settings:
    """How links are found.

    Parameters
    ----------
    assembly : str, optional
        Of the regions; None where their file says it.
    rna : Path, optional
        Cells with expression, where the file of regions has none.
    fragments : Path, optional
        Fragments that are counted over the regions of a table.
    totals : str, optional
        The column of ``obs`` with the counts of each cell over all genes.
    scorer : str
        The name of one that ships, or a JSON file.
    signal : {"percentile", "rpm"}
        Whether the accessibility of a region is told by its place among those of the file, or is DNase reads per
        million as it stands.
    reach : int
        Bases from a gene's start within which its candidates lie.
    ubiquitous : frozenset of str, optional
        Symbols or ids of genes that nearly every cell type expresses; None where they are not known.
    """

    assembly: str | None = None
    rna: Path | None = None
    fragments: Path | None = None
    totals: str | None = None
    scorer: str = DEFAULT
    signal: str = PERCENTILE
    reach: int = REACH
    ubiquitous: frozenset[str] | None = None
