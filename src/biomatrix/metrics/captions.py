"""Captions of molecules: BLEU, METEOR and ROUGE, in the ways of SMolInstruct and of MolT5.

``OSU-NLP-Group/LLM4Chem`` at 43ab5fc (``calculate_text_metrics``) strips texts and leaves empty answers out of every
mean; ``blender-nlp/MolT5`` at 754f9bf (``text_translation_metrics.py``) keeps them, with 0, and takes off a leading
``[CLS] ``. Both count BLEU and METEOR in WordPieces of SciBERT and ROUGE in words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.bleu import corpus_bleu
from biomatrix.metrics.meteor import meteor_score
from biomatrix.metrics.rouge import rouge_scores
from biomatrix.metrics.scores import Score, Scores, items_of, mean_score
from biomatrix.metrics.wordnet import WordNet
from biomatrix.metrics.wordpieces import Tokenize

_MARK: Final = "[CLS] "


def smolinstruct_caption_scores(
    references: Sequence[str], predictions: Sequence[str | None], tokenize: Tokenize, wordnet: WordNet | None
) -> Scores:
    """Return ``bleu2``, ``bleu4``, ``rouge_1``, ``rouge_2``, ``rouge_l`` and ``meteor`` of the answers not empty.

    Parameters
    ----------
    references : sequence of str
    predictions : sequence of str or None
    tokenize : callable
        SciBERT's WordPieces, from :func:`~biomatrix.metrics.wordpieces.load_wordpieces`.
    wordnet : WordNet or None
        Without it there is no ``meteor``.

    Returns
    -------
    Scores
        Beside them ``meteor_corrected``, of all answers, an empty one with 0.

    Raises
    ------
    ValueError
        The numbers differ.
    ConfigurationError
        A package is absent.
    """
    checked_pairs(references, predictions)
    answers = [(answer or "").strip() for answer in predictions]
    kept = [index for index, answer in enumerate(answers) if answer]
    chosen = [references[index].strip() for index in kept], [answers[index] for index in kept]
    scores = {
        name: _over_all(score, kept, len(answers)) for name, score in _text_scores(*chosen, tokenize, wordnet).items()
    }
    if "meteor" in scores:
        contributions = np.nan_to_num(items_of(scores["meteor"]), nan=0.0)
        scores["meteor_corrected"] = mean_score(contributions, empty=scores["meteor"].empty)
    return scores


def molt5_caption_scores(
    references: Sequence[str], predictions: Sequence[str | None], tokenize: Tokenize, wordnet: WordNet | None
) -> Scores:
    """Return the same values over all answers, an empty one with 0. Parameters and errors are those of the other."""
    checked_pairs(references, predictions)
    answers = [(answer or "").removeprefix(_MARK) for answer in predictions]
    scores = _text_scores(references, answers, tokenize, wordnet)
    empty = sum(not answer.strip() for answer in answers)
    return {name: replace(score, empty=empty) for name, score in scores.items()}


def _text_scores(
    references: Sequence[str], answers: Sequence[str], tokenize: Tokenize, wordnet: WordNet | None
) -> dict[str, Score]:
    true, mine = _tokens(references, tokenize), _tokens(answers, tokenize)
    total = len(answers)
    scores = {f"bleu{order}": Score(corpus_bleu(true, mine, order), total, 0, 0, total) for order in (2, 4)}
    scores |= rouge_scores(references, answers)
    if wordnet is not None:
        scores["meteor"] = meteor_score(true, mine, wordnet)
    return scores


def _tokens(texts: Sequence[str], tokenize: Callable[[str], Sequence[str]]) -> list[Sequence[str]]:
    return [tokenize(text) for text in texts]


def _over_all(score: Score, kept: Sequence[int], total: int) -> Score:
    """Return a score of the kept answers as one of all, the others left out of its denominator."""
    items = None if score.items is None else np.full(total, math.nan)
    if items is not None:
        items[list(kept)] = items_of(score)
    return replace(score, n=total, empty=total - len(kept), items=items)
