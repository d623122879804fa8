"""Secondary structures compared: base pairs found and missed, exactly or with a slip, their network and its fidelity.

Pairs are ``(i, j)`` with i < j, from 0. Two structures without any pair agree: each score is then 1.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence

import numpy as np

from biomatrix.errors import ParseError
from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.nucleic.dot_bracket import Pair, pairs_of
from biomatrix.metrics.scores import Scores, mean_score


def pair_scores(predicted: Iterable[Pair], true: Iterable[Pair], slip: int = 0) -> dict[str, float]:
    """Return ``precision``, ``recall`` and ``f1`` over base pairs.

    Parameters
    ----------
    predicted, true : iterable of (int, int)
        In either order.
    slip : int
        How far *one* end of a pair may be off: (i, j) is found by (i + 1, j) or (i, j - 1) with a slip of one, which
        some papers allow and most do not.

    Examples
    --------
    >>> pair_scores([(0, 9), (1, 8)], [(0, 9), (2, 8), (3, 7)])["f1"]
    0.4
    >>> pair_scores([(0, 9), (1, 8)], [(0, 9), (2, 8), (3, 7)], slip=1)["f1"]
    0.8
    """
    found, known = _ordered(predicted), _ordered(true)
    if not found and not known:
        return {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    precision = _share_near(found, known, slip)
    recall = _share_near(known, found, slip)
    total = precision + recall
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / total if total else 0.0}


def adjacency_mcc(predicted: Iterable[Pair], true: Iterable[Pair], length: int) -> float:
    """Return Matthews' correlation over all entries of the two adjacency matrices, as gRNAde has it.

    Parameters
    ----------
    predicted, true : iterable of (int, int)
    length : int
        Nucleotides: the matrices are ``[length, length]``, symmetric, their diagonal counted.

    Returns
    -------
    float
        From -1 to 1; 1 where neither has a pair, 0 where one has none.
    """
    found, known = _ordered(predicted), _ordered(true)
    if not found and not known:
        return 1.0
    cells = float(length * length)
    hits, said, positive = 2.0 * len(found & known), 2.0 * len(found), 2.0 * len(known)
    spread = said * (cells - said) * positive * (cells - positive)
    return (cells * hits - said * positive) / float(np.sqrt(spread)) if spread > 0 else 0.0


def network_fidelity(predicted: Collection[Hashable], true: Collection[Hashable]) -> float:
    """Return the interaction network fidelity: the geometric mean of precision and recall (Parisien and others 2009).

    Parameters
    ----------
    predicted, true : collection
        Interactions, such as ``(i, j)`` or ``(i, j, kind)`` of pairs and stacks.
    """
    found, known = set(predicted), set(true)
    if not found and not known:
        return 1.0
    hits = len(found & known)
    return float(np.sqrt(hits / len(found) * hits / len(known))) if hits else 0.0


def deformation_index(rmsd: float, fidelity: float) -> float:
    """Return RMSD over network fidelity, in Angstrom; infinite where no interaction is kept."""
    return rmsd / fidelity if fidelity > 0 else float("inf")


def fold_scores(predicted: Sequence[str | None], true: Sequence[str], slip: int = 0) -> Scores:
    """Return the means over strands of precision, recall, F1 and the MCC of the adjacency.

    Parameters
    ----------
    predicted : sequence of (str or None)
        Dot-bracket strings. One that is missing, unbalanced or of another length says nothing: it is left out of the
        means and counted, and stands as 0 in ``NAME_corrected``.
    true : sequence of str
    slip : int
        As for :func:`pair_scores`; the MCC is exact.

    Raises
    ------
    ValueError
        The numbers differ.
    ParseError
        A true structure is unbalanced.
    """
    checked_pairs(true, predicted)
    rows = [_compared(found, known, slip) for found, known in zip(predicted, true, strict=True)]
    empty = sum(not found for found in predicted)
    unparsable = sum(row is None for row in rows) - empty
    names = ("precision", "recall", "f1", "mcc")
    scores = {}
    for name in names:
        items = np.array([np.nan if row is None else row[name] for row in rows])
        scores[name] = mean_score(items, empty=empty, unparsable=unparsable)
        scores[f"{name}_corrected"] = mean_score(np.nan_to_num(items, nan=0.0), empty=empty, unparsable=unparsable)
    return scores


def _compared(found: str | None, known: str, slip: int) -> dict[str, float] | None:
    true = pairs_of(known)
    if not found or len(found) != len(known):
        return None
    try:
        pairs = pairs_of(found)
    except ParseError:
        return None
    return {**pair_scores(pairs, true, slip), "mcc": adjacency_mcc(pairs, true, len(known))}


def _ordered(pairs: Iterable[Pair]) -> set[Pair]:
    return {(min(pair), max(pair)) for pair in pairs}


def _share_near(these: set[Pair], those: set[Pair], slip: int) -> float:
    """Return the share of pairs that have one of the others within a slip of one end."""
    steps = range(-slip, slip + 1)
    hits = sum(any((i + step, j) in those or (i, j + step) in those for step in steps) for i, j in these)
    return hits / len(these) if these else 0.0
