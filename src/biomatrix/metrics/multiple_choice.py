"""Questions with lettered options: MoleculeQA, whose accuracy is per category and over all questions.

The benchmark publishes no scorer. An answer counts where it names one option and nothing else: its letter, alone or
marked as one (``B``, ``(B)``, ``B.``, ``Answer: B``), with or without the option's own text behind it, or that text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.scores import Scores, mean_score

TOTAL: Final = "accuracy_micro_total"
_LETTER: Final = re.compile(
    r"(?:(?:the\s+)?(?:correct\s+)?(?:answer|option)(?:\s+is)?\s*:?\s*)?[(\[]?([A-Z])(?:[)\]]?[.:)]?(?:\s+(.*))?)",
    re.IGNORECASE | re.DOTALL,
)


def chosen_option(answer: str, options: Sequence[str]) -> int | None:
    """Return the number of the option that an answer names, from 0; None where it names none, or might name several.

    Parameters
    ----------
    answer : str
    options : sequence of str
        Their texts in the order of their letters.

    Examples
    --------
    >>> options = ("an acid", "a base")
    >>> [chosen_option(one, options) for one in ("B", "(a) an acid.", "A base", "A or B", "C", "B an acid")]
    [1, 0, 1, None, None, None]
    """
    words = _plain(answer)
    texts = [_plain(option) for option in options]
    if words and texts.count(words) == 1:
        return texts.index(words)
    found = _LETTER.fullmatch(answer.strip())
    if found is None:
        return None
    number, rest = ord(found.group(1).upper()) - ord("A"), _plain(found.group(2) or "")
    if number >= len(options) or (rest and rest != texts[number]):
        return None
    return number


def choice_scores(
    references: Sequence[int], predictions: Sequence[int | None], categories: Sequence[str], *, empty: int = 0
) -> Scores:
    """Return accuracy per category, and over all questions under ``accuracy_micro_total``.

    Parameters
    ----------
    references : sequence of int
        The right options.
    predictions : sequence of int or None
        As :func:`chosen_option` reads them; None is wrong.
    categories : sequence of str
        Of each question.
    empty : int
        How many of the answers without an option are empty.

    Raises
    ------
    ValueError
        The numbers differ.
    """
    checked_pairs(references, predictions)
    checked_pairs(references, categories)
    right = [float(mine == true) for true, mine in zip(references, predictions, strict=True)]
    scores = {TOTAL: mean_score(right, empty=empty, unparsable=list(predictions).count(None) - empty)}
    for category in dict.fromkeys(categories):
        chosen = [index for index, one in enumerate(categories) if one == category]
        unread = sum(predictions[index] is None for index in chosen)
        scores[category] = mean_score([right[index] for index in chosen], unparsable=unread)
    return scores


def _plain(text: str) -> str:
    return " ".join(text.split()).strip(" .").lower()
