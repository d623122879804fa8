"""How much of a protein sequence repeats, as ``PDFBench/PDFBench`` at db82ea5 measures it.

``src/metrics/sequence/repetitiveness.py``. The published tables print the fraction; PDFBench prints percent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from biomatrix.metrics.scores import Scores, mean_score

LONGEST_UNIT: Final = 20
FEWEST_REPEATS: Final = 3
NGRAMS: Final = (2, 5)


def repeated_share(sequence: str) -> float:
    """Return the share of residues in stretches where a unit of up to 20 residues comes three times or more in a row.

    Parameters
    ----------
    sequence : str
        Amino acids in one-letter code.

    Examples
    --------
    >>> repeated_share("GGSGGSGGSGGSACDEF"), repeated_share("QQ"), repeated_share("")
    (0.7058823529411765, 0.0, 0.0)
    """
    n = len(sequence)
    letters = np.frombuffer(sequence.encode("utf-32-le"), dtype=np.uint32)
    covered = np.zeros(n, dtype=bool)
    for unit in range(1, min(LONGEST_UNIT, n // 2) + 1):
        # A stretch repeats with this period where each letter is that of one unit before.
        same = np.flatnonzero(np.diff(np.concatenate(([False], letters[unit:] == letters[:-unit], [False]))))
        for begin, end in zip(same[::2], same[1::2], strict=True):
            if end - begin >= (FEWEST_REPEATS - 1) * unit:
                covered[begin : end + unit] = True
    return float(covered.mean()) if n else 0.0


def repeated_ngrams(sequence: str, size: int) -> float:
    """Return the share of n-grams that have come before: 1 - distinct / all; 0 where there is no more than one.

    Examples
    --------
    >>> round(repeated_ngrams("MKMKMKMKMK", 2), 4), repeated_ngrams("MK", 2)
    (0.7778, 0.0)
    """
    total = len(sequence) - size + 1
    if total <= 1:
        return 0.0
    return 1.0 - len({sequence[start : start + size] for start in range(total)}) / total


def repetitiveness(sequences: Sequence[str]) -> Scores:
    """Return the means over sequences; an empty one counts 0.

    Returns
    -------
    mapping of str to Score
        ``rep``, the mean of `repeated_share`, and ``rep2`` and ``rep5``, those of `repeated_ngrams`.
    """
    empty = sum(not sequence for sequence in sequences)
    items = {"rep": [repeated_share(sequence) for sequence in sequences]}
    items |= {f"rep{size}": [repeated_ngrams(sequence, size) for sequence in sequences] for size in NGRAMS}
    return {name: mean_score(values, empty=empty) for name, values in items.items()}
