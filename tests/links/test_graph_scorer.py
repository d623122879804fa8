"""The graph scorer: attention over the edges of candidate pairs, the same for any order of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from biomatrix.errors import BioMatrixError
from biomatrix.links.crispri import TEST_FILE, read_tested_pairs
from biomatrix.links.features import Columns
from biomatrix.links.gene_places import read_gene_places
from biomatrix.links.graph_scorer import EDGE, GRAPHS, GraphScorer, GraphTraining, fitted_graph, node_names
from biomatrix.links.linear_scorer import WEIGHTS, LinearScorer
from biomatrix.links.tested_figures import ALL, figures
from biomatrix.links.train_graph import scores_of_tested
from biomatrix.metrics.ranked_pairs import ranked_pairs

NAME = "graph_accessibility"
SHORT = GraphTraining(steps=4, seeds=(0, 1))


def made(seed: int, pairs: int = 300) -> tuple[Columns, np.ndarray, np.ndarray, np.ndarray]:
    """Return pairs where a region is linked to a gene if it is open, near, and the most open one of its gene."""
    draw = np.random.default_rng(seed)
    region, gene = np.arange(pairs), draw.integers(0, pairs // 6, pairs)
    columns = {name: draw.normal(size=pairs) for name in (*EDGE, *GRAPHS[NAME][0])}
    opened = columns["log_accessibility"]
    highest = np.array([opened[gene == one].max() for one in gene])
    truth = (opened >= highest) & (columns["log_distance"] < 0.5)
    return columns, region, gene, truth


@pytest.mark.slow
def test_it_learns_what_a_pair_alone_does_not_tell() -> None:
    columns, region, gene, truth = made(0, 900)
    scorer = fitted_graph(NAME, columns, region, gene, truth, GraphTraining(steps=150, seeds=(0,)))
    unseen = made(1, 600)
    alone = unseen[0]["log_accessibility"] - unseen[0]["log_distance"]
    found = ranked_pairs(unseen[3], scorer.score(*unseen[:3]))
    assert found.auprc > ranked_pairs(unseen[3], alone).auprc + 0.05


def test_the_order_of_pairs_and_names_of_nodes_mean_nothing() -> None:
    columns, region, gene, truth = made(2)
    scorer = fitted_graph(NAME, columns, region, gene, truth, SHORT)
    order = np.random.default_rng(0).permutation(len(truth))
    shuffled = {name: values[order] for name, values in columns.items()}
    names = node_names(np.full(len(truth), "K562"), gene)
    np.testing.assert_allclose(
        scorer.score(shuffled, region[order], names[order]), scorer.score(columns, region, gene)[order], atol=1e-4
    )


def test_a_component_of_the_graph_does_not_hear_of_another() -> None:
    columns, region, gene, truth = made(3)
    scorer = fitted_graph(NAME, columns, region, gene, truth, SHORT)
    part = np.flatnonzero(gene == gene[0])
    alone = scorer.score({name: values[part] for name, values in columns.items()}, region[part], gene[part])
    np.testing.assert_allclose(alone, scorer.score(columns, region, gene)[part], atol=1e-4)


def test_training_is_the_same_twice_and_leaves_the_random_state() -> None:
    columns, region, gene, truth = made(4)
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    first, second = (fitted_graph(NAME, columns, region, gene, truth, SHORT) for _ in range(2))
    assert torch.rand(1) == expected
    np.testing.assert_array_equal(first.score(columns, region, gene), second.score(columns, region, gene))


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    columns, region, gene, truth = made(5)
    scorer = fitted_graph(NAME, columns, region, gene, truth, SHORT)
    scorer.save(tmp_path)
    path = tmp_path / f"{NAME}.safetensors"
    again = GraphScorer.from_file(path)
    np.testing.assert_array_equal(again.score(columns, region, gene), scorer.score(columns, region, gene))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(BioMatrixError, match="no graph scorer"):
        GraphScorer.from_file(path)


def test_what_is_refused() -> None:
    columns, region, gene, truth = made(6)
    with pytest.raises(BioMatrixError, match="graph_accessibility, graph_marks"):
        fitted_graph("graph", columns, region, gene, truth)
    with pytest.raises(BioMatrixError, match="all of one sort"):
        fitted_graph(NAME, columns, region, gene, np.zeros_like(truth))


@pytest.mark.parametrize("name", list(GRAPHS))
def test_what_ships_has_the_figures_of_its_card(name: str, shared: Path) -> None:
    data = shared / "data" / "single_cell"
    genes = read_gene_places(data / "genes" / "human_genes.parquet")
    pairs = read_tested_pairs(data / "crispri_links" / TEST_FILE)
    scorer = GraphScorer.from_file(WEIGHTS / f"{name}.safetensors")
    found = figures(pairs, scores_of_tested(scorer, pairs, genes))
    linear = LinearScorer.from_pretrained(name.removeprefix("graph_")).score(pairs.features(genes))
    assert found[ALL].auprc > figures(pairs, linear)[ALL].auprc + 0.05
    stated_auprc = {group: one["auprc"] for group, one in scorer.about["test_five_cell_types"].items()}
    assert {group: one.auprc for group, one in found.items()} == pytest.approx(stated_auprc, abs=1e-3)
