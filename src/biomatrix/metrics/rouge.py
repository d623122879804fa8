"""ROUGE by the ``rouge-score`` package, and the way Hugging Face's ``evaluate`` puts the values of answers together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError
from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.scores import Score, Scores, items_of, mean_score

KINDS: Final[Mapping[str, str]] = {
    "rouge_1": "rouge1",
    "rouge_2": "rouge2",
    "rouge_l": "rougeL",
    "rouge_l_sum": "rougeLsum",
}
"""Our names, and those of the package."""
RESAMPLES: Final = 1000
"""How many resamples the bootstrap aggregator of the package draws."""


def rouge_scores(
    references: Sequence[str],
    predictions: Sequence[str | None],
    kinds: Sequence[str] = ("rouge_1", "rouge_2", "rouge_l"),
    *,
    stemmed: bool = False,
) -> Scores:
    """Return the mean F-measure of ROUGE over all answers; an empty answer scores 0.

    Parameters
    ----------
    references : sequence of str
    predictions : sequence of str or None
    kinds : sequence of str
        Keys of :data:`KINDS`.
    stemmed : bool
        Whether words of more than three letters are compared by their Porter stems.

    Raises
    ------
    ValueError
        The numbers differ.
    ConfigurationError
        The rouge-score package is absent.
    """
    checked_pairs(references, predictions)
    scorer = _scorer(tuple(kinds), stemmed)
    answers = [answer or "" for answer in predictions]
    found = [scorer.score(reference, answer) for reference, answer in zip(references, answers, strict=True)]
    empty = sum(not answer.strip() for answer in answers)
    return {kind: mean_score([float(one[KINDS[kind]].fmeasure) for one in found], empty=empty) for kind in kinds}


def bootstrap_median(score: Score, seed: int) -> Score:
    """Return the score as the package's bootstrap aggregator reports it: the median of the means of resamples.

    Parameters
    ----------
    score : Score
        A mean with its items.
    seed : int
        Of NumPy's legacy generator, which the aggregator draws from; the official call leaves it unseeded.

    Raises
    ------
    ValueError
        The score keeps no items.
    """
    return Score(_median(items_of(score), seed), score.n, score.empty, score.unparsable, score.denominator)


def _median(items: NDArray[np.float64], seed: int) -> float:
    if not len(items):
        return float("nan")
    generator = np.random.RandomState(seed)
    means = [items[generator.choice(len(items), len(items))].mean() for _ in range(RESAMPLES)]
    return float(np.percentile(means, 50))


@lru_cache(8)
def _scorer(kinds: tuple[str, ...], stemmed: bool) -> Any:
    try:
        from rouge_score.rouge_scorer import RougeScorer
        from rouge_score.tokenizers import DefaultTokenizer
    except ImportError as error:
        raise ConfigurationError("the rouge-score package is not installed; run: pip install rouge-score") from error
    # Named, since the scorer would log that it takes the default, by which absl sets up a root handler for everyone.
    return RougeScorer([KINDS[kind] for kind in kinds], tokenizer=DefaultTokenizer(use_stemmer=stemmed))
