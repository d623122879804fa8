"""IUPAC names compared part by part (``judge_string_split_match`` in ``utils/metrics.py``)."""

from __future__ import annotations

from collections.abc import Sequence

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.scores import Scores, mean_score


def name_scores(references: Sequence[Sequence[str]], predictions: Sequence[str | None]) -> Scores:
    """Return ``em``: the share of answers whose parts between semicolons are those of a reference, in any order.

    Case and blanks matter. An answer that is None, at which the official code stops, is empty here.

    Returns
    -------
    Scores
        ``em`` and ``exact_string``, the same characters in the same order.
    """
    checked_pairs(references, predictions)
    answers = [answer or "" for answer in predictions]
    pairs = list(zip(answers, [[one.strip() for one in some] for some in references], strict=True))
    empty = answers.count("")
    split = [float(_parts(answer) in [_parts(one) for one in some]) for answer, some in pairs]
    return {
        "em": mean_score(split, empty=empty),
        "exact_string": mean_score([float(answer in some) for answer, some in pairs], empty=empty),
    }


def _parts(name: str) -> list[str]:
    return sorted(name.split(";"))
