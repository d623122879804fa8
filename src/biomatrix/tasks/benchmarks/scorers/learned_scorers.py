"""Metrics that other models compute: what each needs, the scorers that are at hand, and no value where none is.

A scorer takes predictions and their examples and returns one number for each, NaN where it has none. Whoever has the
weights registers one under the name of its metric.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from biomatrix.metrics.scores import Score, Scores, mean_score
from biomatrix.tasks.benchmarks.examples import Example, Prediction

Scorer: TypeAlias = Callable[[Sequence[Prediction], Sequence[Example]], Sequence[float]]

_ESMFOLD: Final = "ESMFold (facebook/esmfold_v1)"
NEEDS: Final[Mapping[str, str]] = {
    "ppl": "ProtGPT2 (nferruz/ProtGPT2)",
    "plddt": _ESMFOLD,
    "plddt_gt70": _ESMFOLD,
    "pae": _ESMFOLD,
    "pae_lt10": _ESMFOLD,
    "protrek": "ProTrek-650M (westlake-repl/ProTrek_650M)",
    "retrieval_acc": "ProTrek-650M (westlake-repl/ProTrek_650M)",
    "keyword_recovery": "InterProScan",
    "evollama": "EvoLlama and PubMedBERT",
    "seq_diversity": "MMseqs2",
    "sctm": _ESMFOLD,
    "scrmsd": _ESMFOLD,
    "sctm_of_backbone": f"ProteinMPNN and {_ESMFOLD}",
    "scrmsd_of_backbone": f"ProteinMPNN and {_ESMFOLD}",
}
"""What a metric needs, by the name that its scorer is registered under."""

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


def _score(name: str, predictions: Sequence[Prediction], examples: Sequence[Example]) -> Score:
    empty = sum(not each.text for each in predictions)
    unparsable = sum(bool(each.text and each.fault) for each in predictions)
    scorer = _SCORERS.get(name)
    if scorer is None:
        reason = f"needs {NEEDS.get(name, 'a scorer')}, which is not configured"
        return Score(float("nan"), len(predictions), empty, unparsable, reason=reason)
    return mean_score(scorer(predictions, examples), empty=empty, unparsable=unparsable)
