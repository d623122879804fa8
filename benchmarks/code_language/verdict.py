"""Which tokenizer folds better, by the rule that benchmarks/protein_language.py states; chains are paired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from code_language.tables import print_table

Record = dict[str, Any]
PerChain = NDArray[np.float64]

TIE = 2.0
"""Standard errors of a paired difference below which two tokenizers tie."""

_FIGURES = {
    "lddt": "lDDT",
    "tm_score": "TM-score",
    "rmsd": "RMSD (A)",
    "secondary_structure": "same secondary structure",
    "torsions": "torsions within 30 degrees",
}
_FOLDS = ("true codes", "bigram", "greedy", "sampled", "best of samples")


def by_tokenizer(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Return the records of each tokenizer, one a seed: the last where there are several.

    Where tokenizers of one name differ in their codes, the name is followed by the fingerprint.
    """
    fingerprints: dict[str, set[str]] = {}
    for record in records:
        fingerprints.setdefault(record["tokenizer"], set()).add(record["fingerprint"])
    groups: dict[str, dict[int, Record]] = {}
    for record in records:
        name = record["tokenizer"]
        label = f"{name} {record['fingerprint']}" if len(fingerprints[name]) > 1 else name
        groups.setdefault(label, {})[record["seed"]] = record
    return {label: [seeds[seed] for seed in sorted(seeds)] for label, seeds in groups.items()}


def per_chain(records: Sequence[Record], figure: str, folds: str = "sampled") -> PerChain:
    """Return a figure of each chain's folds, the mean over seeds."""
    values: PerChain = np.mean([record["folding"][folds][figure] for record in records], axis=0)
    return values


def difference(first: PerChain, second: PerChain) -> tuple[float, float]:
    """Return the mean paired difference and its standard error over chains."""
    gap = first - second
    return float(gap.mean()), standard_error(gap)


def standard_error(values: PerChain) -> float:
    """Return the standard error of a mean over chains."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def winners(groups: dict[str, list[Record]]) -> list[str]:
    """Return the tokenizers that fold best: by lDDT, among ties by TM-score, all that still tie."""
    left = list(groups)
    for figure in ("lddt", "tm_score"):
        scores = {name: per_chain(groups[name], figure) for name in left}
        best = max(left, key=lambda name: float(scores[name].mean()))
        left = [name for name in left if not _is_worse(scores[name], scores[best])]
    return left


def summary(records: Sequence[Record]) -> Record:
    """Return the figures of every tokenizer, and the winners."""
    groups = by_tokenizer(records)
    best = max(groups, key=lambda name: float(per_chain(groups[name], "lddt").mean()))
    return {
        "tokenizers": {name: _figures(group, groups[best]) for name, group in groups.items()},
        "folds best": winners(groups),
    }


def print_verdict(records: Sequence[Record]) -> None:
    """Print the figures, tokenizers side by side, and which folds best."""
    found = summary(records)
    print_table("protein codes as a language", {name: _rows(one) for name, one in found["tokenizers"].items()})
    print(f"\nfolds best: {' = '.join(found['folds best'])}", flush=True)


def _rows(one: Record) -> dict[str, float]:
    bits, folding = one["bits"], one["folding"]
    rows = {
        "codes": one["codes"],
        "own RMSD, mean (A)": one["own"]["RMSD, mean (A)"],
        "own TM-score, mean": one["own"]["TM-score, mean"],
        "bits of codes, unigram": one["counted"]["codes, unigram"],
        "bits of codes, bigram": one["counted"]["codes, bigram"],
        "bits of codes": bits["codes"],
        "bits of codes given residue, unigram": one["counted"]["codes given residue, unigram"],
        "bits of codes given sequence": bits["codes_given_sequence"],
    }
    for figure, title in _FIGURES.items():
        rows |= {f"{title}, {folds}": folding[folds][figure] for folds in _FOLDS}
    rows |= {
        "lDDT, sampled: standard error": one["lddt_error"],
        "lDDT, sampled: more than of bigrams": one["lddt_over_bigram"],
        "lDDT, sampled: error of what is more": one["lddt_over_bigram_error"],
        "lDDT, sampled: less that of the best": one["lddt_minus_best"],
        "lDDT, sampled: error of the difference": one["lddt_minus_best_error"],
        "TM-score, sampled: standard error": one["tm_score_error"],
        "bits of types, unigram": one["counted"]["types"],
        "bits of types given codes": bits["sequence_given_codes"],
        "recovery, true types before": bits["recovery"],
        "recovery, drawn greedily": one["greedy_recovery"],
    }
    return rows | {
        f"lDDT, sampled, seed {seed}": value for seed, value in zip(one["seeds"], one["lddt_by_seed"], strict=True)
    }


def _is_worse(one: PerChain, best: PerChain) -> bool:
    gap, error = difference(one, best)
    return gap < 0 and -gap >= TIE * error


def _figures(group: Sequence[Record], best: Sequence[Record]) -> Record:
    lddt = per_chain(group, "lddt")
    gap, error = difference(lddt, per_chain(best, "lddt"))
    gain, gain_error = difference(lddt, per_chain(group, "lddt", "bigram"))
    folding = group[0]["folding"]
    return {
        "fingerprint": group[0]["fingerprint"],
        "codes": group[0]["codes"],
        "seeds": [record["seed"] for record in group],
        "steps": group[0]["schedule"]["steps"],
        "folded_chains": group[0]["data"]["folded chains"],
        "own": group[0]["own"],
        "counted": group[0]["counted"],
        "bits": {name: float(np.mean([record["bits"][name] for record in group])) for name in group[0]["bits"]},
        "greedy_recovery": float(np.mean([record["greedy_recovery"] for record in group])),
        "folding": {
            kind: {figure: float(per_chain(group, figure, kind).mean()) for figure in folding[kind]} for kind in _FOLDS
        },
        "lddt_error": standard_error(lddt),
        "lddt_over_bigram": gain,
        "lddt_over_bigram_error": gain_error,
        "lddt_by_seed": [float(np.mean(record["folding"]["sampled"]["lddt"])) for record in group],
        "lddt_minus_best": gap,
        "lddt_minus_best_error": error,
        "tm_score_error": standard_error(per_chain(group, "tm_score")),
    }
