"""Fit the linear scorers that ship, on the pairs that CRISPR interference tested in K562.

    python -m biomatrix.links.train --data DATA/crispri_links --gene-table human_genes.parquet

Writes one JSON file per scorer. Their features were chosen by cross-validation over the chromosomes of the training
pairs; the test pairs are read to state figures.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.links.crispri import TEST_FILE, TRAIN_FILE, TestedPairs, read_tested_pairs
from biomatrix.links.features import ACCESSIBILITY, MARKS, POSITION, UBIQUITOUS, Columns
from biomatrix.links.gene_places import GenePlaces, gene_places, read_gene_places
from biomatrix.links.linear_scorer import WEIGHTS, LinearScorer, fitted_scorer
from biomatrix.links.tested_figures import figures, told

SETS: Final[Mapping[str, tuple[str, ...]]] = {
    "distance": ("log_distance",),
    "distance_accessibility": ("log_distance", ACCESSIBILITY),
    "accessibility": (*POSITION, ACCESSIBILITY),
    "marks": (*POSITION, ACCESSIBILITY, *MARKS.values(), UBIQUITOUS),
}
"""The features of each scorer."""
SHIPPED: Final = tuple(SETS)
PENALTY: Final = 1.0
_STEPS: Final = 101


def signal_quantiles(pairs: TestedPairs) -> NDArray[np.float64]:
    """Return reads per million at the percentiles 0, 1, ..., 100 of the cell type's elements, ``float64 [101]``."""
    order = np.argsort(pairs.percentile, kind="stable")
    steps = np.linspace(0.0, 1.0, _STEPS)
    found = np.interp(steps, pairs.percentile[order], pairs.accessibility[order])
    return np.maximum.accumulate(found)


def cross_validated(pairs: TestedPairs, columns: Columns, features: tuple[str, ...]) -> NDArray[np.float64]:
    """Return the score of each pair by a scorer fitted on the pairs of all other chromosomes, ``float64 [P]``."""
    scores = np.empty(len(pairs))
    for number in np.unique(pairs.chromosome):
        held = pairs.chromosome == number
        rest = {name: values[~held] for name, values in columns.items()}
        fitted = fitted_scorer("", rest, pairs.regulated[~held], features, np.zeros(2), penalty=PENALTY)
        scores[held] = fitted.score({name: values[held] for name, values in columns.items()})
    return scores


def trained(name: str, data: Path, genes: GenePlaces) -> LinearScorer:
    """Return one of the scorers of :data:`SETS` with its figures, from the folder of the benchmark."""
    pairs, test = read_tested_pairs(data / TRAIN_FILE), read_tested_pairs(data / TEST_FILE)
    columns, features = pairs.features(genes), SETS[name]
    fitted = fitted_scorer(name, columns, pairs.regulated, features, signal_quantiles(pairs), penalty=PENALTY)
    by_chromosome = figures(pairs, cross_validated(pairs, columns, features))
    on_test = figures(test, fitted.score(test.features(genes)))
    about: dict[str, Any] = {
        "trained_on": "EngreitzLab/CRISPR_comparison, EPCrisprBenchmark_combined_data.training_K562 (MIT), commit "
        "e34b78d489aa8535ae49384abd1fc64ced8ffe3c",
        "sha256": hashlib.sha256((data / TRAIN_FILE).read_bytes()).hexdigest(),
        "assembly": genes.assembly,
        "pairs": len(pairs),
        "true_pairs": int(pairs.regulated.sum()),
        "penalty": PENALTY,
        "cross_validated_by_chromosome": {group: told(each) for group, each in by_chromosome.items()},
        "test_five_cell_types": {group: told(each) for group, each in on_test.items()},
    }
    settled = vars(fitted) | {"about": about}
    return LinearScorer(**settled)


def main() -> None:
    """Fit and write every scorer, and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="Folder of the tested pairs.")
    parser.add_argument("--gene-table", type=Path, help="Genes of hg38; by default the package's own table.")
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="Folder of the JSON files.")
    given = parser.parse_args()
    genes = gene_places() if given.gene_table is None else read_gene_places(given.gene_table)
    given.output.mkdir(parents=True, exist_ok=True)
    for name in SHIPPED:
        scorer = trained(name, given.data, genes)
        scorer.save(given.output / f"{name}.json")
        for part in ("cross_validated_by_chromosome", "test_five_cell_types"):
            for group, figure in scorer.about[part].items():
                print(f"{name}: {part}, {group}: {figure}")  # noqa: T201  # a script


if __name__ == "__main__":
    main()
