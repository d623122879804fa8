"""What the numbers of an expression matrix are."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Scale = Literal["counts", "log1p_cp10k", "rank", "other"]
"""What a value says of a gene in a cell.

- ``counts``: molecules (UMI) or reads, whole numbers.
- ``log1p_cp10k``: the natural logarithm of one plus the counts per 10,000 of the cell.
- ``rank``: only the order means something; the highest value is the first gene.
- ``other``: anything else, such as log2 of a study's own normalisation; refused where counts are needed.
"""

SCALES: Final[tuple[Scale, ...]] = ("counts", "log1p_cp10k", "rank", "other")
PER: Final = 10_000.0
"""To how many counts a cell is scaled (CP10K)."""


def exact_sum(values: NDArray[np.floating]) -> float:
    """Return the sum of values above 0, which does not depend on their order."""
    return float(np.sort(values).sum(dtype=np.float64))
