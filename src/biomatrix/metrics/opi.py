"""Label sets, locations, fold types and functions of proteins, as OPI judges them.

``baaihealth/opi`` at 8e7c077, ``compute_scores/``: labels are what stands between ``"; "``, compared with their case;
an empty answer is one label without letters. The official values are rounded to four decimals; these are not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.rouge import rouge_scores
from biomatrix.metrics.scores import Scores, mean_score


def label_scores(references: Sequence[str], predictions: Sequence[str | None]) -> Scores:
    """Return ``precision``, ``recall`` and ``f1`` of label sets: of each answer, then the plain mean over answers.

    Duplicate labels count once. ``f1`` is thus the mean of F1 values, not the F1 of the two means.

    Raises
    ------
    ValueError
        The numbers differ.
    """
    checked_pairs(references, predictions)
    answers = [answer or "" for answer in predictions]
    rates = [_rates(true.split("; "), mine.split("; ")) for true, mine in zip(references, answers, strict=True)]
    empty = answers.count("")
    return {
        name: mean_score([one[index] for one in rates], empty=empty)
        for index, name in enumerate(("precision", "recall", "f1"))
    }


def exact_label_scores(references: Sequence[str], predictions: Sequence[str | None]) -> Scores:
    """Return ``accuracy``: the share of answers that are the label, character by character."""
    checked_pairs(references, predictions)
    right = [float(mine == true) for true, mine in zip(references, predictions, strict=True)]
    return {"accuracy": mean_score(right, empty=sum(not answer for answer in predictions))}


def holdout_scores(
    references: Sequence[str],
    predictions: Sequence[str | None],
    sequences: Sequence[str],
    holdouts: Mapping[str, Collection[str]],
) -> Scores:
    """Return the accuracy of fold types for each hold-out, which sequences belong to by themselves.

    Parameters
    ----------
    references : sequence of str
    predictions : sequence of str or None
    sequences : sequence of str
        The protein of each answer.
    holdouts : mapping of str to collection of str
        The sequences of each hold-out, by its name.

    Returns
    -------
    Scores
        By name of the hold-out.

    Raises
    ------
    ValueError
        The numbers differ.
    """
    checked_pairs(references, predictions)
    checked_pairs(references, sequences)
    found = {}
    for name, members in holdouts.items():
        known = frozenset(members)
        chosen = [index for index, sequence in enumerate(sequences) if sequence in known]
        scores = exact_label_scores([references[index] for index in chosen], [predictions[index] for index in chosen])
        found[name] = scores["accuracy"]
    return found


def function_scores(references: Sequence[str], predictions: Sequence[str | None]) -> Scores:
    """Return ``rouge_l``: the mean F-measure of ROUGE-L over Porter stems."""
    return rouge_scores(references, predictions, ("rouge_l",), stemmed=True)


def _rates(true: Sequence[str], mine: Sequence[str]) -> tuple[float, float, float]:
    expected, found = set(true), set(mine)
    shared = len(expected & found)
    return shared / len(found), shared / len(expected), 2 * shared / (len(expected) + len(found))
