"""Open chromatin of one cell: intervals on the chromosomes of one assembly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ParseError

CHROMOSOMES: Final[tuple[str, ...]] = (*(f"chr{number}" for number in range(1, 23)), "chrX", "chrY", "chrM")
"""The chromosomes of the human genome in their order."""
_NAME: Final = re.compile(
    r"(?:([^:\s]+):|(chr[^:\s]*?|\d{1,2}|X|Y|MT?|[A-Z]{2}\d{6}(?:[.v]\d+)?|N[CTW]_\d{6}(?:\.\d+)?)[_-])(\d+)[_-](\d+)",
    re.IGNORECASE,
)
"""Without a colon only what is called as chromosomes and scaffolds are: ``hsa-mir-1-2`` is a gene."""


@dataclass(frozen=True, eq=False)
class Regions:
    """Intervals in genomic order, each with how often it was found open.

    Parameters
    ----------
    assembly : str
        Which genome they lie on, such as ``hg38``.
    chromosome : ndarray, shape=(n,), dtype=int16
        Index into :data:`CHROMOSOMES`.
    start, end : ndarray, shape=(n,), dtype=int64
        0-based, half open.
    count : ndarray, shape=(n,), dtype=float32
        Insertions or fragments; 1 where only that it is open is known.
    """

    assembly: str
    chromosome: NDArray[np.int16]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    count: NDArray[np.float32]

    def __post_init__(self) -> None:
        lengths = {len(part) for part in (self.chromosome, self.start, self.end, self.count)}
        if len(lengths) != 1:
            raise ParseError("the parts of open regions differ in length")
        if not self.assembly:
            raise ParseError("open regions need the assembly that they lie on, such as hg38")
        wrong = np.flatnonzero((self.start < 0) | (self.end <= self.start))
        if len(wrong):
            first = int(wrong[0])
            raise ParseError(
                f"a region ends at {self.end[first]}, not after its start {self.start[first]}", position=first
            )

    def __len__(self) -> int:
        return len(self.start)


def region_of_name(name: str) -> tuple[str, int, int] | None:
    """Return the sequence, start and end that the name of a region says; None for another name.

    Examples
    --------
    >>> [region_of_name(name) for name in ("chr1:100-200", "chr1-100-200", "KI270728.1_5_9", "hsa-mir-1-2")]
    [('chr1', 100, 200), ('chr1', 100, 200), ('KI270728.1', 5, 9), None]
    """
    found = _NAME.fullmatch(name.strip())
    return None if found is None else (found[1] or found[2], int(found[3]), int(found[4]))
