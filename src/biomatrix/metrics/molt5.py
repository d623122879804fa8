"""Molecules written from text, judged as MolT5 judges them (``blender-nlp/MolT5`` at 754f9bf, ``evaluation/``)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.bleu import corpus_bleu
from biomatrix.metrics.edit_distance import levenshtein
from biomatrix.metrics.fingerprints import SIMILARITIES, tanimoto
from biomatrix.metrics.parsed_molecules import inchi, parsed
from biomatrix.metrics.scores import Score, Scores, mean_score
from biomatrix.metrics.shared_fingerprints import know_fingerprints, unknown_molecules
from biomatrix.metrics.teams import Team

_LEAST: Final = 500
"""Molecules for each further process, which take longer than a process to begin."""


def molecule_scores(references: Sequence[str], predictions: Sequence[str | None], workers: int | None = None) -> Scores:
    """Return how near answered molecules are to the references, as strings and as graphs.

    Parameters
    ----------
    references, predictions : sequence of str
        None or "" where there is no answer.
    workers : int, optional
        The most processes that share the work where there are many answers; values do not depend on it.

    Returns
    -------
    Scores
        ``bleu`` of characters (1 to 4); ``em``, the same InChI, over all; ``levenshtein``, the mean edit distance of
        the strings; ``validity``, for which an empty answer is a molecule without atoms and so valid, and
        ``validity_corrected``, for which it is not; ``fts`` (Morgan counts), ``maccs_fts`` and ``rdk_fts`` over valid
        answers.

    Raises
    ------
    ValueError
        The numbers differ.
    """
    total = checked_pairs(references, predictions)
    answers = [answer or "" for answer in predictions]
    pairs = list(zip(references, answers, strict=True))
    unknown = unknown_molecules(each for pair in pairs for each in pair)
    with Team(len(unknown), _LEAST, workers) as team:
        know_fingerprints(unknown, team)
    valid = [parsed(answer).valid for answer in answers]
    empty = answers.count("")
    unparsable = valid.count(False)
    items: dict[str, list[float]] = {
        "em": [float(_same(reference, answer)) for reference, answer in pairs],
        "levenshtein": [float(levenshtein(answer, reference)) for reference, answer in pairs],
        "validity": [float(one) for one in valid],
        "validity_corrected": [float(one and bool(answer)) for one, answer in zip(valid, answers, strict=True)],
        **{name: [_similarity(*pair, kind) for pair in pairs] for name, kind in SIMILARITIES.items()},
    }
    bleu = Score(corpus_bleu(references, answers, 4), total, empty, unparsable, total)
    scores = {name: mean_score(values, empty=empty, unparsable=unparsable) for name, values in items.items()}
    return {"bleu": bleu, **scores}


def _same(reference: str, answer: str) -> bool:
    true, mine = parsed(reference), parsed(answer)
    return true.valid and mine.valid and (true is mine or true.fact(inchi) == mine.fact(inchi))


def _similarity(reference: str, answer: str, kind: Callable[[Any], Any]) -> float:
    true, mine = parsed(reference), parsed(answer)
    return tanimoto(true.fact(kind), mine.fact(kind)) if true.valid and mine.valid else math.nan
