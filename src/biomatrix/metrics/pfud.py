"""Answers about protein structures in PFUD, whose scorer is unpublished: the nearest public convention.

BLEU-2 of nltk over the whole set without smoothing, and F-measures of rouge-score. What counts as a token for BLEU is
not stated; here it is what counts for ROUGE: runs of letters and digits, in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.bleu import corpus_bleu
from biomatrix.metrics.rouge import rouge_scores
from biomatrix.metrics.scores import Score, Scores

_WORD: Final = re.compile(r"[a-z0-9]+")


def words_of(text: str) -> list[str]:
    """Return the runs of letters and digits of a text in lower case.

    Examples
    --------
    >>> words_of("A beta-barrel (PDB 1ABC).")
    ['a', 'beta', 'barrel', 'pdb', '1abc']
    """
    return _WORD.findall(text.lower())


def answer_scores(references: Sequence[str], predictions: Sequence[str | None]) -> Scores:
    """Return ``bleu2``, ``rouge_1``, ``rouge_2`` and ``rouge_l`` over all answers; an empty one scores 0.

    Raises
    ------
    ValueError
        The numbers differ.
    ConfigurationError
        The rouge-score package is absent.
    """
    total = checked_pairs(references, predictions)
    scores = rouge_scores(references, predictions)
    true, mine = [words_of(text) for text in references], [words_of(text or "") for text in predictions]
    bleu = Score(corpus_bleu(true, mine, 2), total, scores["rouge_l"].empty, 0, total)
    return {"bleu2": bleu, **scores}
