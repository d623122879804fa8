"""Accuracy of yes and no answers on protein pairs, as ``DeepGraphLearning/torchdrug`` at 6066fbd counts it.

The official code takes the greater of two logits, so that every answer is a label; a text that is neither label has no
official treatment, and counts as wrong here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from biomatrix.metrics.affinity_regression import pearson
from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.scores import Score, Scores, mean_score


def ppi_accuracy(predictions: Sequence[int | None], targets: Sequence[int], *, empty: int = 0) -> Scores:
    """Return ``accuracy`` over all pairs and ``mcc`` over those that were answered.

    Parameters
    ----------
    predictions : sequence of (int or None)
        1 where the proteins are said to interact, 0 where not, None where the answer is neither: wrong.
    targets : sequence of int
        0 or 1.
    empty : int
        How many of the missing answers were empty.

    Returns
    -------
    mapping of str to Score
        ``mcc``, Matthews' correlation, is NaN where either side is all of one label.

    Raises
    ------
    ValueError
        The numbers of predictions and targets differ.
    """
    checked_pairs(targets, predictions)
    pairs = list(zip(predictions, targets, strict=True))
    unparsable = sum(found is None for found in predictions) - empty
    accuracy = mean_score([float(found == wanted) for found, wanted in pairs], empty=empty, unparsable=unparsable)
    stated = np.array([pair for pair in pairs if pair[0] is not None], dtype=np.float64).reshape(-1, 2)
    mcc = pearson(stated[:, 0], stated[:, 1])
    return {"accuracy": accuracy, "mcc": Score(mcc, len(pairs), empty, unparsable, len(stated))}
