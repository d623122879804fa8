"""What may be said of a file of cells where it does not tell itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from biomatrix.entities.cell.values import Asked
from biomatrix.entities.near_matches import choices
from biomatrix.entities.options import option
from biomatrix.errors import ConfigurationError


@dataclass(frozen=True)
class CellReadingOptions:
    """As of :meth:`biomatrix.CellSet.from_file`, and the assembly of peaks."""

    values: str = option(
        "auto", "what the values are: counts, log1p_cp10k, rank or other; auto finds out and says so in the notes."
    )
    layer: str | None = option(None, "the matrix that is read: X, raw or the name of a layer.")
    totals: str | None = option(None, "the column of obs with the counts of each cell over all genes.")
    assembly: str | None = option(
        None, "the genome that peaks lie on, alone or beside genes, where the file does not say: hg38 or hg19."
    )

    def __post_init__(self) -> None:
        if self.values not in get_args(Asked):
            raise ConfigurationError(f"values={self.values!r}; {choices(self.values, get_args(Asked))}")
