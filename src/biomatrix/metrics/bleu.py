"""BLEU of a whole set of answers, as ``nltk.translate.bleu_score.corpus_bleu`` gives it without smoothing."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Hashable, Sequence


def corpus_bleu(references: Sequence[Sequence[Hashable]], answers: Sequence[Sequence[Hashable]], order: int) -> float:
    """Return BLEU with equal weights for n-grams of 1 to ``order`` tokens, one reference an answer.

    An order without a match counts as the smallest positive number, as nltk has it: the value is then all but 0.

    Returns
    -------
    float
        0 where not even a token matches, NaN where there is no answer at all.

    Raises
    ------
    ValueError
        There are more references than answers, or fewer.

    Examples
    --------
    >>> round(corpus_bleu(["abcd"], ["abxd"], 2), 4)
    0.5
    """
    if not answers and not references:
        return math.nan
    matched, total = [0] * order, [0] * order
    for reference, answer in zip(references, answers, strict=True):
        for n in range(1, order + 1):
            found = _ngrams(answer, n)
            matched[n - 1] += (found & _ngrams(reference, n)).total()
            total[n - 1] += max(1, found.total())
    if not matched[0]:
        return 0.0
    logarithms = [
        math.log(hits / all_ if hits else sys.float_info.min) for hits, all_ in zip(matched, total, strict=True)
    ]
    brevity = _brevity(sum(map(len, references)), sum(map(len, answers)))
    return brevity * math.exp(math.fsum(one / order for one in logarithms))


def _ngrams(tokens: Sequence[Hashable], n: int) -> Counter[tuple[Hashable, ...]]:
    return Counter(tuple(tokens[start : start + n]) for start in range(len(tokens) - n + 1))


def _brevity(expected: int, found: int) -> float:
    if found > expected:
        return 1.0
    return math.exp(1 - expected / found) if found else 0.0
