"""Train the graph scorers that ship, on the pairs that CRISPR interference tested in K562.

    python -m biomatrix.links.train_graph --data DATA/crispri_links --gene-table human_genes.parquet

Settings were chosen by cross-validation over chromosomes of the training pairs; the test pairs are read to state
figures.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from biomatrix.links.crispri import TEST_FILE, TRAIN_FILE, TestedPairs, read_tested_pairs
from biomatrix.links.gene_places import GenePlaces, gene_places, read_gene_places
from biomatrix.links.graph_scorer import GRAPHS, GraphScorer, GraphTraining, fitted_graph, node_names
from biomatrix.links.linear_scorer import WEIGHTS
from biomatrix.links.tested_figures import figures, told

FOLDS = 5
"""Chromosomes are dealt to so many parts, each scored by a model of the others."""


def nodes_of(pairs: TestedPairs) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return the names of each pair's region and gene; those of two cell types are two."""
    region = node_names(pairs.cell_type, pairs.chromosome, pairs.start, pairs.end)
    return region, node_names(pairs.cell_type, pairs.ensembl_id)


def scores_of_tested(scorer: GraphScorer, pairs: TestedPairs, genes: GenePlaces) -> NDArray[np.float64]:
    """Return the scores of tested pairs, read as one graph, ``float64 [P]``."""
    return scorer.score(pairs.features(genes), *nodes_of(pairs))


def cross_validated(name: str, pairs: TestedPairs, genes: GenePlaces, training: GraphTraining) -> NDArray[np.float64]:
    """Return the score of each pair by a scorer that was trained on other chromosomes, ``float64 [P]``."""
    columns, (region, gene) = pairs.features(genes), nodes_of(pairs)
    scores = np.empty(len(pairs))
    for fold in range(FOLDS):
        held = pairs.chromosome % FOLDS == fold
        rest = {key: values[~held] for key, values in columns.items()}
        fitted = fitted_graph(name, rest, region[~held], gene[~held], pairs.regulated[~held], training)
        scores[held] = fitted.score({key: values[held] for key, values in columns.items()}, region[held], gene[held])
    return scores


def main() -> None:
    """Train and write every graph scorer, and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="Folder of the tested pairs.")
    parser.add_argument("--gene-table", type=Path, help="Genes of hg38; by default the package's own table.")
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="Folder of the weights.")
    parser.add_argument("--cross-validate", action="store_true", help="Print those figures too, from one seed.")
    given = parser.parse_args()
    genes = gene_places() if given.gene_table is None else read_gene_places(given.gene_table)
    pairs, test = (read_tested_pairs(given.data / name) for name in (TRAIN_FILE, TEST_FILE))
    training = GraphTraining()
    for name in GRAPHS:
        if given.cross_validate:
            scores = cross_validated(name, pairs, genes, GraphTraining(seeds=(0,)))
            for group, figure in figures(pairs, scores).items():
                print(f"{name}: cross-validated, {group}: {told(figure)}")  # noqa: T201  # a script
        fitted = fitted_graph(name, pairs.features(genes), *nodes_of(pairs), pairs.regulated, training)
        on_test = {group: told(one) for group, one in figures(test, scores_of_tested(fitted, test, genes)).items()}
        about = {
            "trained_on": "EngreitzLab/CRISPR_comparison, training_K562 (MIT)",
            "sha256": hashlib.sha256((given.data / TRAIN_FILE).read_bytes()).hexdigest(),
            "training": asdict(training),
            "test_five_cell_types": on_test,
        }
        GraphScorer(name, fitted.members, about).save(given.output)
        for group, figure_of in on_test.items():
            print(f"{name}: test, {group}: {figure_of}")  # noqa: T201  # a script


if __name__ == "__main__":
    main()
