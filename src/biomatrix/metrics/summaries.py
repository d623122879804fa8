"""Summaries of many values: spreads, shares, errors of lengths; and how they turn into JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Spread:
    """How a figure is distributed; all NaN where there is no value.

    Parameters
    ----------
    count : int
    mean, median, p5, p95, min, max : float
        In the unit of the figure.
    """

    count: int
    mean: float
    median: float
    p5: float
    p95: float
    min: float
    max: float

    @classmethod
    def of(cls, values: ArrayLike) -> Spread:
        """Summarise values; NaN does not count."""
        array = np.asarray(values, dtype=np.float64)
        array = array[~np.isnan(array)]
        if not array.size:
            return cls(0, *[math.nan] * 6)
        p5, median, p95 = np.percentile(array, (5, 50, 95)).tolist()
        return cls(len(array), float(array.mean()), median, p5, p95, float(array.min()), float(array.max()))


@dataclass(frozen=True)
class Share:
    """How many of a total were kept."""

    kept: int
    total: int

    @classmethod
    def of(cls, kept: Iterable[bool]) -> Share:
        """Count those kept among all."""
        answers = list(kept)
        return cls(sum(answers), len(answers))

    @property
    def value(self) -> float:
        """From 0 to 1; NaN where the total is 0."""
        return self.kept / self.total if self.total else math.nan


@dataclass(frozen=True)
class BondError:
    """Errors of bond lengths: the length minus what it should be.

    Parameters
    ----------
    count : int
        Bonds.
    mae, bias, max : float
        Mean absolute, mean and largest absolute difference in Angstrom.
    """

    count: int
    mae: float
    bias: float
    max: float

    @classmethod
    def of(cls, differences: ArrayLike) -> BondError:
        """Summarise differences in Angstrom."""
        array = np.asarray(differences, dtype=np.float64)
        if not array.size:
            return cls(0, math.nan, math.nan, math.nan)
        size = np.abs(array)
        return cls(len(array), float(size.mean()), float(array.mean()), float(size.max()))


def by_size(values: Sequence[float], sizes: Sequence[int], starts: Sequence[int]) -> dict[str, Spread]:
    """Return the spread of values within ranges of size, leaving out empty ranges.

    Parameters
    ----------
    values, sizes : sequence, length N
        A figure and a size for each record.
    starts : sequence of int
        The first size of each range; the last range is open.

    Examples
    --------
    >>> list(by_size([0.1, 0.2], [3, 90], (1, 15, 80)))
    ['1-14', '80-']
    """
    array, size = np.asarray(values, dtype=np.float64), np.asarray(sizes)
    ends = [*(start - 1 for start in starts[1:]), None]
    spreads: dict[str, Spread] = {}
    for start, end in zip(starts, ends, strict=True):
        inside = (size >= start) & (size <= end if end is not None else True)
        if inside.any():
            spreads[f"{start}-{'' if end is None else end}"] = Spread.of(array[inside])
    return spreads


def plain(value: Any) -> Any:
    """Return dataclasses, tuples and non-finite numbers as what JSON can hold: objects, lists and null."""
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
