"""Questions answered by yes or no (``calculate_boolean_metrics`` in ``utils/metrics.py``)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.scores import Score, Scores, mean_score

_ANSWERS: Final = {"yes": True, "no": False}


def boolean_scores(references: Sequence[str], predictions: Sequence[str | None]) -> Scores:
    """Return the accuracy of answers that are yes or no, whatever the case and blanks around them.

    Returns
    -------
    Scores
        ``accuracy`` over all answers; ``accuracy_over_valid``, ``roc_auc``, ``precision``, ``recall``, ``f1`` and
        ``mcc`` over those that are yes or no. With one threshold the area under the curve is the mean of sensitivity
        and specificity, undefined where one class is absent.

    Raises
    ------
    ValueError
        The numbers differ.
    """
    total = checked_pairs(references, predictions)
    words = [(answer or "").strip().lower() for answer in predictions]
    read = [_ANSWERS.get(word) for word in words]
    true = [reference.strip().lower() == "yes" for reference in references]
    empty = words.count("")
    unparsable = read.count(None) - empty
    right = [float(mine == actual) for mine, actual in zip(read, true, strict=True)]
    over_valid = [math.nan if mine is None else one for mine, one in zip(read, right, strict=True)]
    table = _table([(mine, actual) for mine, actual in zip(read, true, strict=True) if mine is not None])
    return {
        "accuracy": mean_score(right, empty=empty, unparsable=unparsable),
        "accuracy_over_valid": mean_score(over_valid, empty=empty, unparsable=unparsable),
        **{name: Score(value, total, empty, unparsable, sum(table)) for name, value in _rates(*table).items()},
    }


def _table(pairs: Sequence[tuple[bool, bool]]) -> tuple[int, int, int, int]:
    """Return how many are true positive, false positive, true negative and false negative."""
    return (
        pairs.count((True, True)),
        pairs.count((True, False)),
        pairs.count((False, False)),
        pairs.count((False, True)),
    )


def _rates(hits: int, alarms: int, rejections: int, misses: int) -> dict[str, float]:
    positive, negative, said = hits + misses, rejections + alarms, hits + alarms
    if not positive + negative:
        return dict.fromkeys(("roc_auc", "precision", "recall", "f1", "mcc"), math.nan)
    area = (hits / positive + rejections / negative) / 2 if positive and negative else math.nan
    spread = math.sqrt(said * positive * negative * (rejections + misses))
    return {
        "roc_auc": area,
        "precision": hits / said if said else 0.0,
        "recall": hits / positive if positive else 0.0,
        "f1": 2 * hits / (said + positive) if said + positive else 0.0,
        "mcc": (hits * rejections - alarms * misses) / spread if spread else 0.0,
    }
