"""Links between regions and genes: parity and speed of Kendall's tau-b, and scorers on pairs that CRISPR tested.

    python benchmarks/links.py --data ../shared/data/single_cell

Prints the largest difference to the 18,017 values that scE2G's own test expects; how many times faster they come than
by a loop over scipy.stats.kendalltau in the same run (a sample of the pairs, in the same order of work); and the
official AUPRC of every scorer that ships and of plain floors, with its 95% interval and prevalence, over all pairs,
beyond 100 kb, by distance and by cell type. Exits with 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from biomatrix.links.crispri import TEST_FILE, TRAIN_FILE, TestedPairs, read_tested_pairs
from biomatrix.links.features import Columns
from biomatrix.links.gene_places import read_gene_places
from biomatrix.links.graph_scorer import GRAPHS, GraphScorer
from biomatrix.links.kendall import kendall_tau_b
from biomatrix.links.kendall_parity import read_expected_kendall
from biomatrix.links.linear_scorer import WEIGHTS, LinearScorer
from biomatrix.links.tested_figures import ALL, BEYOND, figures
from biomatrix.links.train import SHIPPED
from biomatrix.links.train_graph import nodes_of
from biomatrix.metrics.ranked_pairs import auprc_interval

CLOSE, FASTER = 1e-5, 20.0
TARGETS = {"accessibility": (0.45, 0.10), "marks": (0.59, 0.25)}
"""By scorer, the AUPRC over all pairs and beyond 100 kb."""
DECAY = 0.87
"""The exponent by which contact falls with distance."""


def kendall(data: Path, sample: int, seed: int) -> bool:
    """Print parity and speed; return whether both targets are met."""
    pairs = read_expected_kendall(data / "multiome_chr22", data / "genes" / "hgnc_aliases.parquet")
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        found = kendall_tau_b(pairs.opened, pairs.expression, pairs.region, pairs.gene)
        times.append(time.perf_counter() - begun)
    worst = float(np.abs(found - pairs.expected).max())
    cells, genes = pairs.opened.toarray() > 0, pairs.expression.toarray()
    drawn = np.random.default_rng(seed).choice(len(found), size=min(sample, len(found)), replace=False)
    begun = time.perf_counter()
    peer = [kendalltau(cells[:, pairs.region[one]], genes[:, pairs.gene[one]]).statistic for one in drawn]
    ratio = (time.perf_counter() - begun) * len(found) / len(drawn) / float(np.median(times))
    apart = float(np.abs(found[drawn] - np.array(peer)).max())
    print(f"Kendall's tau-b, {len(found):,} pairs: largest difference to the expected values {worst:.2e}")
    print(f"  largest difference to scipy.stats.kendalltau on {len(drawn):,} of them {apart:.2e}")
    print(f"  {np.median(times):.3f} s; {ratio:,.0f} times faster than the loop (target {FASTER:.0f})")
    return worst < CLOSE and ratio >= FASTER


def scored(test: TestedPairs, columns: Columns) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield the names of predictors and their scores of the test pairs, floors first."""
    yield "constant", np.zeros(len(test))
    yield "accessibility alone", test.accessibility
    activity = test.accessibility * np.maximum(test.distance, 1000) ** -DECAY
    gene = np.unique(test.cell_type.astype(str) + test.ensembl_id.astype(str), return_inverse=True)[1]
    yield "activity by distance^-0.87, shares of a gene", activity / np.bincount(gene, activity)[gene]
    for name in SHIPPED:
        yield name, LinearScorer.from_pretrained(name).score(columns)
    for name in GRAPHS:
        yield name, GraphScorer.from_file(WEIGHTS / f"{name}.safetensors").score(columns, *nodes_of(test))


def tested(data: Path, draws: int) -> bool:
    """Print the figures of every predictor; return whether the targets are met."""
    genes = read_gene_places(data / "genes" / "human_genes.parquet")
    test, train = (read_tested_pairs(data / "crispri_links" / name) for name in (TEST_FILE, TRAIN_FILE))
    seen = np.isin(test.ensembl_id.astype(str), train.ensembl_id.astype(str)).mean()
    print(f"{len(test):,} test pairs, {int(test.regulated.sum())} true; fitted on {len(train):,} of K562 alone;")
    print(f"{seen:.0%} of the test pairs have a gene that also occurs in training, with other elements")
    met = True
    for name, scores in scored(test, test.features(genes)):
        found = figures(test, scores)
        low, high = auprc_interval(test.regulated, scores, draws=draws)
        print(f"{name}: AUPRC {found[ALL].auprc:.3f} [{low:.3f}, {high:.3f}], AUROC {found[ALL].auroc:.3f}")
        for group, one in found.items():
            print(
                f"    {group:18s} AUPRC {one.auprc:.3f} at prevalence {one.prevalence:.3f}, precision at 70% recall "
                f"{one.precision_at_recall:.3f}, {one.true_pairs} of {one.pairs} pairs"
            )
        if name in TARGETS:
            reached = (found[ALL].auprc, found[BEYOND].auprc)
            held = all(value >= target for value, target in zip(reached, TARGETS[name], strict=True))
            print(f"  TARGET {name}: at least {TARGETS[name]}: {'met' if held else 'MISSED'}")
            met = met and held
    return met


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="Folder of the single-cell data.")
    parser.add_argument("--sample", type=int, default=1000, help="Pairs that the loop is timed on.")
    parser.add_argument("--draws", type=int, default=500, help="Of the bootstrap.")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    met = [kendall(given.data, given.sample, given.seed), tested(given.data, given.draws)]
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
