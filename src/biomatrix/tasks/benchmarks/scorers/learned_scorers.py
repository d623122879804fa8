"""Metrics that other models compute: what each needs, the scorers that are at hand, and no value where none is.

A scorer takes predictions and their examples and returns one number for each, NaN where it has none. Whoever has the
weights registers one under the name of its metric.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from biomatrix.metrics.learned.registry import SCORERS
from biomatrix.metrics.scores import Score, Scores, mean_score
from biomatrix.tasks.benchmarks.examples import Example, Prediction

Scorer: TypeAlias = Callable[[Sequence[Prediction], Sequence[Example]], Sequence[float]]

_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "ppl": ("protgpt2",),
    **dict.fromkeys(("plddt", "plddt_gt70", "pae", "pae_lt10", "sctm", "scrmsd"), ("esmfold",)),
    **dict.fromkeys(("sctm_of_backbone", "scrmsd_of_backbone"), ("protein_mpnn", "esmfold")),
    **dict.fromkeys(("protrek", "retrieval_acc"), ("protrek",)),
    "keyword_recovery": ("interproscan",),
    "evollama": ("pubmedbert",),
    "seq_diversity": ("mmseqs2",),
    **dict.fromkeys(("esol", "bbbp", "hergc10"), ("property",)),
    **dict.fromkeys(("mu", "alpha", "cv", "homo", "lumo", "gap"), ("egnn",)),
}
"""The networks and programs that a metric needs, by the name that its scorer is registered under."""

_SCORERS: Final[dict[str, Scorer]] = {}


def register_scorer(name: str, scorer: Scorer) -> None:
    """Use a scorer for the metric of that name from now on."""
    _SCORERS[name] = scorer


def unregister_scorer(name: str) -> None:
    """Forget the scorer of a metric; others stay."""
    _SCORERS.pop(name, None)


def learned_scores(
    names: Iterable[str], predictions: Sequence[Prediction], examples: Sequence[Example], suffix: str = ""
) -> Scores:
    """Return the metrics of those names: means where a scorer is at hand, no value and the reason where none is.

    Parameters
    ----------
    names : iterable of str
    predictions : sequence of Prediction
    examples : sequence of Example
    suffix : str
        What the names of the scorers have behind those of the metrics, where two ways of scoring share a name.
    """
    return {name: _score(f"{name}{suffix}", predictions, examples) for name in names}


def needed(name: str) -> str:
    """Return the networks and programs that a metric needs in words, and where each comes from.

    Examples
    --------
    >>> needed("ppl")
    'ProtGPT2 (Hugging Face nferruz/ProtGPT2 (Apache-2.0, 3 GB))'
    """
    uses = [SCORERS[each] for each in _NEEDS.get(name, ())]
    return " and ".join(f"{use.title.partition(':')[0]} ({use.weights})" for use in uses) or "a scorer"


def _score(name: str, predictions: Sequence[Prediction], examples: Sequence[Example]) -> Score:
    empty = sum(not each.text for each in predictions)
    unparsable = sum(bool(each.text and each.fault) for each in predictions)
    scorer = _SCORERS.get(name)
    if scorer is None:
        reason = f"needs {needed(name)}, not configured"
        return Score(float("nan"), len(predictions), empty, unparsable, reason=reason)
    return mean_score(scorer(predictions, examples), empty=empty, unparsable=unparsable)
