"""Molecular formulas compared by their elements and charge (``count_element_match`` in ``utils/metrics.py``)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.scores import Scores, mean_score

_FORMULA: Final = re.compile(r"(?:[A-Za-z]\d*+)++(?:[+-]\d*+)*+$")
_ELEMENT: Final = re.compile(r"([A-Z][a-z]?)(\d+)?")
_CHARGE: Final = re.compile(r"[+-]\d*")


def element_counts_of(formula: str) -> dict[str, int]:
    """Return the count of each element, and the first charge under its sign; letters that name none end the reading.

    Raises
    ------
    ValueError
        It is no formula: letters, each with a count, and signs at the end. Brackets are none of these.

    Examples
    --------
    >>> element_counts_of("C5H14NO+"), element_counts_of("CH3CH3")
    ({'C': 5, 'H': 14, 'N': 1, 'O': 1, '+': 1}, {'C': 2, 'H': 6})
    """
    if _FORMULA.match(formula) is None:
        raise ValueError("no molecular formula")
    counts: Counter[str] = Counter()
    position = 0
    while found := _ELEMENT.match(formula, position):
        counts[found.group(1)] += int(found.group(2) or 1)
        position = found.end()
    charge = _CHARGE.search(formula)
    if charge is not None:
        sign, number = charge.group()[0], charge.group()[1:]
        counts[sign] = int(number) if number else 1
    return dict(counts)


def formula_scores(references: Sequence[Sequence[str]], predictions: Sequence[str | None]) -> Scores:
    """Return ``em``: the share of answers whose elements and charge are those of a reference.

    Returns
    -------
    Scores
        ``em``, for which blanks around an answer make it wrong; ``em_corrected``, which strips them; and
        ``exact_string``, the same characters.

    Raises
    ------
    ValueError
        The numbers differ, or a reference is no formula.
    """
    checked_pairs(references, predictions)
    accepted = [[element_counts_of(one.strip()) for one in some] for some in references]
    read = [_read(answer) for answer in predictions]
    stripped = [_read(None if answer is None else answer.strip()) for answer in predictions]
    empty = sum(not answer for answer in predictions)
    empty_stripped = sum(not answer or not answer.strip() for answer in predictions)
    same = [
        float(answer in [one.strip() for one in some]) for answer, some in zip(predictions, references, strict=True)
    ]
    return {
        "em": mean_score(_matches(read, accepted), empty=empty, unparsable=read.count(None) - empty),
        "em_corrected": mean_score(
            _matches(stripped, accepted), empty=empty_stripped, unparsable=stripped.count(None) - empty_stripped
        ),
        "exact_string": mean_score(same, empty=empty),
    }


def _read(answer: str | None) -> dict[str, int] | None:
    try:
        return element_counts_of(answer) if answer else None
    except ValueError:
        return None


def _matches(answers: Sequence[dict[str, int] | None], accepted: Sequence[Sequence[dict[str, int]]]) -> list[float]:
    return [float(answer is not None and answer in some) for answer, some in zip(answers, accepted, strict=True)]
