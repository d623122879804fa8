"""How far a type that was told is from the true one in the Cell Ontology."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from biomatrix.metrics.cells.annotation import UNKNOWN
from biomatrix.metrics.scores import Score, Scores, mean_score

Relation = Literal["same", "ancestor", "descendant", "related", "unrelated", "unknown"]
"""What a told type is to the true one.

- ``ancestor``: true but too coarse, such as T cell for CD4-positive T cell;
- ``descendant``: finer than the truth says, neither confirmed nor refuted;
- ``related``: they share an ancestor below those that are too general to say anything;
- ``unknown``: no type was told.
"""
RELATIONS: Final[tuple[Relation, ...]] = ("same", "ancestor", "descendant", "related", "unrelated", "unknown")


GENERAL: Final = 500
"""Types below an ancestor from which on it is too general: leukocyte has 572 in the Cell Ontology, lymphocyte 347."""


def relation(truth: str, told: str, ancestors: Mapping[str, frozenset[str]], general: int = GENERAL) -> Relation:
    """Return what a told type is to the true one.

    Parameters
    ----------
    truth, told : str
        Ids, such as ``CL:0000236``; ``unknown`` where none was told.
    ancestors : mapping of str to frozenset of str
        All ancestors of each id, itself left out.
    general : int
        An ancestor of more types than this says nothing: sharing "leukocyte" makes a T cell and a
        monocyte no relatives, sharing "lymphocyte" a T and a B cell. Lower is stricter.

    Examples
    --------
    >>> tree = {"cell": frozenset(), "T": frozenset({"cell"}), "CD4": frozenset({"T", "cell"})}
    >>> relation("CD4", "T", tree), relation("T", "CD4", tree), relation("CD4", "unknown", tree)
    ('ancestor', 'descendant', 'unknown')
    """
    if told == UNKNOWN:
        return "unknown"
    if truth == told:
        return "same"
    above_truth, above_told = ancestors.get(truth, frozenset()), ancestors.get(told, frozenset())
    if told in above_truth:
        return "ancestor"
    if truth in above_told:
        return "descendant"
    shared = above_truth & above_told
    return (
        "related" if shared and min(descendant_counts(ancestors)[each] for each in shared) <= general else "unrelated"
    )


_counts: dict[int, tuple[Mapping[str, frozenset[str]], Counter[str]]] = {}


def descendant_counts(ancestors: Mapping[str, frozenset[str]]) -> Counter[str]:
    """Return how many types each type is an ancestor of; kept for the ontology that was asked for last."""
    held = _counts.get(0)
    if held is None or held[0] is not ancestors:
        held = (ancestors, Counter(above for each in ancestors.values() for above in each))
        _counts[0] = held
    return held[1]


def ontology_scores(
    truth: Sequence[str], told: Sequence[str], ancestors: Mapping[str, frozenset[str]], general: int = GENERAL
) -> Scores:
    """Return the share of each relation, and ``within_lineage``: the same type, an ancestor or a descendant.

    Raises
    ------
    ValueError
        They differ in length.
    """
    if len(truth) != len(told):
        raise ValueError(f"{len(told)} told types for {len(truth)} cells; give one for each")
    found = [relation(one, other, ancestors, general) for one, other in zip(truth, told, strict=True)]
    silent = found.count("unknown")
    shares: dict[str, Score] = {
        name: mean_score([float(each == name) for each in found], empty=silent) for name in RELATIONS
    }
    line = ("same", "ancestor", "descendant")
    return {**shares, "within_lineage": mean_score([float(each in line) for each in found], empty=silent)}
