"""Levels of expression, and of the read depth: bins of equal width on a logarithmic scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.scale import PER, Scale
from biomatrix.errors import ConfigurationError

MOST_LEVELS: Final = 32


@dataclass(frozen=True)
class Levels:
    """Bins of equal width; what lies below the first or above the last belongs to it.

    Parameters
    ----------
    count : int
        2 to 32.
    low, high : float
        Where the first bin begins and the last one ends, in log1p(CP10K). By default as the training rows of three
        sets (deep CEL-seq2 and Drop-seq, shallow 10x) are written best at 16 bins.
    """

    count: int = 16
    low: float = 0.1
    high: float = 5.4

    def __post_init__(self) -> None:
        if not 2 <= self.count <= MOST_LEVELS or not 0 <= self.low < self.high < np.inf:
            raise ConfigurationError(
                f"levels are 2 to {MOST_LEVELS} bins from a low of at least 0 to a high above it, in log1p(CP10K), not "
                f"{self.count} from {self.low} to {self.high}"
            )

    @property
    def width(self) -> float:
        """The width of a bin in log1p(CP10K)."""
        return (self.high - self.low) / self.count

    @cached_property
    def edges(self) -> NDArray[np.float64]:
        """The edges between bins in log1p(CP10K), ascending, ``float64 [count - 1]``."""
        edges: NDArray[np.float64] = self.low + self.width * np.arange(1, self.count, dtype=np.float64)
        return edges

    @cached_property
    def centres(self) -> NDArray[np.float64]:
        """The centres of the bins in log1p(CP10K), ``float64 [count]``."""
        centres: NDArray[np.float64] = self.low + self.width * (np.arange(self.count, dtype=np.float64) + 0.5)
        return centres

    def edges_of(self, scale: Scale, total: float | None) -> NDArray[np.float64]:
        """Return the edges on the scale of a cell's values, ``float64 [count - 1]``.

        Parameters
        ----------
        scale : {"counts", "log1p_cp10k"}
        total : float, optional
            The counts of the cell, where the values are counts.
        """
        if scale == "log1p_cp10k":
            return self.edges
        return self._edges_of_counts * ((total or PER) / PER)

    @cached_property
    def _edges_of_counts(self) -> NDArray[np.float64]:
        return np.expm1(self.edges)


@dataclass(frozen=True)
class Depths:
    """Levels of a cell's read depth: bins of a quarter of a decade of its total counts, from 32 to 316,000."""

    count: int = 16
    low: float = 1.5
    width: float = 0.25

    def of(self, totals: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the level of numbers of counts above 0, ``int64 [n]``."""
        levels = np.floor((np.log10(totals) - self.low) / self.width)
        return np.clip(levels, 0, self.count - 1).astype(np.int64)

    def centre(self, level: int) -> float:
        """Return the counts in the middle of a level."""
        return float(10 ** (self.low + self.width * (level + 0.5)))
