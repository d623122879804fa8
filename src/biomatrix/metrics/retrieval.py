"""Whether a design is told apart from others by its likeness to the text it was made for.

``PDFBench/PDFBench`` ``src/metrics/alignment/retrieval_accuracy.py``. Which negatives and how many the published table
uses is not stated there; the official random negatives are drawn unseeded, and may be the design itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from biomatrix.metrics.scores import Scores, mean_score

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SIZES: Final = (4, 10, 20)
"""How many sequences a design is among, itself included."""


def retrieval_accuracy(
    texts: ArrayLike, sequences: ArrayLike, difficulty: Literal["normal", "hard", "soft"] = "normal", seed: int = 0
) -> Scores:
    """Return the share of designs that are most like their text among themselves and other designs.

    Parameters
    ----------
    texts, sequences : array, shape=(n, d)
        Unit vectors; NaN where there is no sequence: wrong, and no one's negative.
    difficulty : {"normal", "hard", "soft"}
        Negatives drawn at random, of the most alike texts, or of the least alike.
    seed : int
        Of the draws.

    Returns
    -------
    mapping of str to Score
        ``retrieval_acc_4``, ``retrieval_acc_10``, ``retrieval_acc_20``; NaN where there are too few designs.

    Raises
    ------
    ValueError
        The two differ in shape.
    """
    a, b = np.asarray(texts, dtype=np.float64), np.asarray(sequences, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 2:
        raise ValueError(f"texts of shape {a.shape} and sequences of shape {b.shape}; give one for each")
    rng = np.random.default_rng(seed)
    present = np.asarray(np.isfinite(b).all(axis=1))
    likeness = np.where(present, a @ np.nan_to_num(b).T, -np.inf)
    among_texts = a @ a.T
    found: dict[int, list[float]] = {size: [] for size in SIZES}
    for i in range(len(a)):
        others = np.flatnonzero(present & (np.arange(len(a)) != i))
        if difficulty == "normal":
            others = rng.permutation(others)
        else:
            closeness = among_texts[i, others]
            others = others[np.argsort(-closeness if difficulty == "hard" else closeness, kind="stable")]
        for size in SIZES:
            negatives = others[: size - 1]
            if len(negatives) < size - 1:
                found[size].append(float("nan"))
            else:
                found[size].append(float(present[i] and likeness[i, i] >= likeness[i, negatives].max()))
    empty = int((~present).sum())
    return {f"retrieval_acc_{size}": mean_score(values, empty=empty) for size, values in found.items()}
