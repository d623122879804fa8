"""METEOR of token lists by nltk: exact words, Porter stems, then synonyms of WordNet."""

from __future__ import annotations

from collections.abc import Sequence

from biomatrix.errors import ConfigurationError
from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.scores import Score, mean_score
from biomatrix.metrics.wordnet import WordNet


def meteor_score(references: Sequence[Sequence[str]], answers: Sequence[Sequence[str]], wordnet: WordNet) -> Score:
    """Return the mean METEOR of answers, each against its one reference; nltk's alpha 0.9, beta 3 and gamma 0.5.

    Parameters
    ----------
    references, answers : sequence of sequence of str
        Tokens.
    wordnet : WordNet
        Asked on every call, so that an absent one is met at once and not at the first word that has no match.

    Raises
    ------
    ValueError
        The numbers differ.
    ConfigurationError
        nltk is absent.
    """
    checked_pairs(references, answers)
    try:
        from nltk.translate.meteor_score import single_meteor_score
    except ImportError as error:
        raise ConfigurationError("the nltk package is not installed; run: pip install nltk") from error
    items = [
        float(single_meteor_score(reference, answer, wordnet=wordnet))
        for reference, answer in zip(references, answers, strict=True)
    ]
    return mean_score(items, empty=sum(not answer for answer in answers))
