"""One cell: which genes it expresses and how much, which regions of its chromatin are open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.cell.regions import Regions
from biomatrix.entities.cell.scale import PER, SCALES, Scale, exact_sum
from biomatrix.errors import ParseError, UnsupportedError


@dataclass(frozen=True, eq=False)
class Cell(Entity):
    """What was detected in one cell.

    Legend: G detected genes.

    Parameters
    ----------
    genes : ndarray, shape=(G,), dtype=object
        Ensembl ids without version, each once; genes that were not detected are left out.
    values : ndarray, shape=(G,), dtype=float32
        Above 0, finite.
    scale : {"counts", "log1p_cp10k", "rank", "other"}
        What the values are.
    total : float, optional
        The counts of the cell over all genes of the original matrix, also those that are not among ``genes``; what
        counts per 10,000 divide by. The sum of the values where not given and they are counts.
    regions : Regions, optional
        Open chromatin.
    obs : mapping of str to (str, float, int or bool)
        The cell's row of annotations.
    name : str
        Its barcode.
    notes : tuple of str
        What a reader did to it.

    Raises
    ------
    ParseError
        The arrays do not fit each other, a gene occurs twice, or a value is not above 0 and finite.
    """

    kind: ClassVar[str] = "cell"

    genes: NDArray[np.object_]
    values: NDArray[np.float32]
    scale: Scale = "counts"
    total: float | None = None
    regions: Regions | None = None
    obs: Mapping[str, str | float | int | bool] = field(default_factory=dict)
    name: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise ParseError(f"values of a cell are one of {', '.join(SCALES)}, not {self.scale!r}")
        genes, values = np.asarray(self.genes, dtype=object), np.asarray(self.values, dtype=np.float32)
        if genes.ndim != 1 or genes.shape != values.shape:
            raise ParseError(f"a cell has as many values as genes, not {values.shape} and {genes.shape}")
        if len(set(genes)) != len(genes):
            raise ParseError("a gene stands twice in a cell")
        wrong = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
        if len(wrong):
            raise ParseError(f"the value {values[wrong[0]]} of a detected gene is not above 0", position=int(wrong[0]))
        object.__setattr__(self, "genes", genes)
        object.__setattr__(self, "values", values)

    def __len__(self) -> int:
        """Return the number of detected genes."""
        return len(self.genes)

    @property
    def has_structure(self) -> bool:
        """False: a cell has no coordinates here."""
        return False

    @property
    def total_counts(self) -> float | None:
        """The counts over all genes; None where the values are no counts and nothing tells it."""
        if self.total is not None:
            return self.total
        return exact_sum(self.values) if self.scale == "counts" else None

    def log1p_cp10k(self) -> NDArray[np.float32]:
        """Return log1p of counts per 10,000, ``float32 [G]``; UnsupportedError where the values do not tell it."""
        if self.scale == "log1p_cp10k":
            return self.values
        if self.scale != "counts":
            raise UnsupportedError(f"values that are {self.scale} say nothing about counts; give counts (--values)")
        total = self.total_counts
        if not total:
            return self.values
        return np.log1p(self.values.astype(np.float64) * (PER / total)).astype(np.float32)

    def to_file(self, path: str | Path) -> None:
        """Write it as a file of one cell in the format that the extension names, such as ``.h5ad``."""
        from biomatrix.entities.records import write_entities

        write_entities([self], path)
