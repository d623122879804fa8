"""What a round trip is summed up in: spreads, shares, errors of bonds, use of codes; all of them turn into JSON."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from biomatrix.entities import Molecule, Protein, Reject
from biomatrix.errors import BioMatrixError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Stage = Literal["read", "encode", "decode", "compare"]


Entity = TypeVar("Entity", Molecule, Protein)


@dataclass(frozen=True)
class Failure:
    """One record that gave no figures.

    Parameters
    ----------
    stage : {"read", "encode", "decode", "compare"}
        Where it ended.
    record : int or str or None
        Its number in the file, from 1, or its name.
    name : str
    reason : str
    kind : str
        The name of the error.
    """

    stage: Stage
    record: int | str | None
    name: str
    reason: str
    kind: str = "ParseError"

    @property
    def full_reason(self) -> str:
        """Stage, kind and reason in one line."""
        return f"{self.stage}: {self.kind}: {self.reason}"

    @classmethod
    def of_reject(cls, reject: Reject, stage: Stage = "read") -> Failure:
        """Make a failure of a record that could not be read."""
        return cls(stage, reject.record, "", reject.reason, reject.kind)

    @classmethod
    def of_error(cls, error: BioMatrixError, stage: Stage, record: int, name: str) -> Failure:
        """Make a failure of an error; ``record`` is its number in the file."""
        return cls(stage, record, name, error.message, type(error).__name__)


def batches_of(
    records: Iterable[Entity | Reject], size: int
) -> Iterator[tuple[list[tuple[int, Entity]], list[Failure]]]:
    """Yield records by so many: those that were read, numbered from 1, and the failures of those that were not."""
    numbered = enumerate(records, start=1)
    while batch := list(islice(numbered, size)):
        read = [(number, item) for number, item in batch if not isinstance(item, Reject)]
        yield read, [Failure.of_reject(item) for _, item in batch if isinstance(item, Reject)]


def rate(count: int, seconds: float) -> float:
    """Return how many a second; NaN where no time was taken."""
    return count / seconds if seconds > 0 else float("nan")


def reasons(failures: Iterable[Failure]) -> dict[str, int]:
    """Return how often each stage and reason occurs, the most frequent first."""
    return dict(Counter(failure.full_reason for failure in failures).most_common())


@dataclass(frozen=True)
class Spread:
    """How a figure is distributed; NaN throughout when there is none.

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
        """Sum up values; those that are NaN do not count."""
        array = np.asarray(values, dtype=np.float64)
        array = array[~np.isnan(array)]
        if not array.size:
            return cls(0, *[math.nan] * 6)
        p5, median, p95 = np.percentile(array, (5, 50, 95)).tolist()
        return cls(len(array), float(array.mean()), median, p5, p95, float(array.min()), float(array.max()))


@dataclass(frozen=True)
class Share:
    """How many of how many kept what they had."""

    kept: int
    total: int

    @property
    def value(self) -> float:
        """From 0 to 1; NaN of nothing."""
        return self.kept / self.total if self.total else math.nan


@dataclass(frozen=True)
class BondError:
    """Lengths after the round trip less lengths before it.

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
        """Sum up differences in Angstrom."""
        array = np.asarray(differences, dtype=np.float64)
        if not array.size:
            return cls(0, math.nan, math.nan, math.nan)
        size = np.abs(array)
        return cls(len(array), float(size.mean()), float(array.mean()), float(size.max()))


@dataclass(frozen=True)
class CodeUse:
    """How much of a codebook is in use.

    Parameters
    ----------
    used, num_codes : int
        Codes that occur, and codes there are.
    total : int
        Codes counted.
    perplexity : float
        Two to the entropy of their frequencies in bits.
    """

    used: int
    num_codes: int
    total: int
    perplexity: float

    @classmethod
    def of(cls, counts: NDArray[np.int64]) -> CodeUse:
        """Sum up how often each code occurs, ``int64 [num_codes]``."""
        total = int(counts.sum())
        share = counts[counts > 0] / max(total, 1)
        perplexity = float(2.0 ** -(share * np.log2(share)).sum()) if total else math.nan
        return cls(int((counts > 0).sum()), len(counts), total, perplexity)


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
    found: dict[str, Spread] = {}
    for start, end in zip(starts, ends, strict=True):
        inside = (size >= start) & (size <= end if end is not None else True)
        if inside.any():
            found[f"{start}-{'' if end is None else end}"] = Spread.of(array[inside])
    return found


def plain(value: Any) -> Any:
    """Return dataclasses, tuples and NaN as what JSON can hold: objects, lists and null."""
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
