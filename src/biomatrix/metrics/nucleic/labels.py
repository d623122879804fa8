"""Labels of sequences: Matthews' correlation for any number of classes, and macro F1, as scikit-learn has them.

GUE and Nucleotide Transformer print these times 100.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.metrics.answer_counts import checked_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray


def matthews_correlation(predicted: Sequence[Hashable | None], true: Sequence[Hashable]) -> float:
    """Return the correlation of predicted and true classes (Gorodkin 2004).

    Parameters
    ----------
    predicted : sequence of (label or None)
        None, no answer, is a class of its own and always wrong.
    true : sequence of label

    Returns
    -------
    float
        From -1 to 1; 0 where either side is all of one class; NaN without any.

    Raises
    ------
    ValueError
        The numbers differ.

    Examples
    --------
    >>> round(matthews_correlation([0, 1, 2, 2, 1], [0, 1, 2, 1, 1]), 4)
    0.735
    """
    if not checked_pairs(true, predicted):
        return float("nan")
    table = confusion(predicted, true)
    said, known, total = table.sum(axis=0), table.sum(axis=1), table.sum()
    spread = (total**2 - said @ said) * (total**2 - known @ known)
    return float((np.trace(table) * total - said @ known) / np.sqrt(spread)) if spread > 0 else 0.0


def macro_f1(predicted: Sequence[Hashable | None], true: Sequence[Hashable]) -> float:
    """Return the plain mean of F1 over the classes of either side, no answer aside; NaN without any."""
    if not checked_pairs(true, predicted):
        return float("nan")
    labels = [label for label in _labels(predicted, true) if label is not None]
    table = confusion(predicted, true)
    places = [place for place, label in enumerate(_labels(predicted, true)) if label is not None]
    hits, total = np.diagonal(table)[places], (table.sum(axis=0) + table.sum(axis=1))[places]
    return float((2 * hits / total).sum() / len(labels))


def confusion(predicted: Sequence[Hashable | None], true: Sequence[Hashable]) -> NDArray[np.float64]:
    """Return how often each true class (rows) got each prediction (columns), the classes in order of appearance."""
    place = {label: number for number, label in enumerate(_labels(predicted, true))}
    table = np.zeros((len(place), len(place)))
    np.add.at(table, ([place[label] for label in true], [place[label] for label in predicted]), 1.0)
    return table


def _labels(predicted: Sequence[Hashable | None], true: Sequence[Hashable]) -> list[Hashable | None]:
    return list(dict.fromkeys([*true, *predicted]))
