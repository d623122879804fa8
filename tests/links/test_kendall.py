"""Kendall's tau-b as a rank sum: equal to SciPy's, to scE2G's recorded values, and undefined where those are."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.stats import kendalltau

from biomatrix.errors import ParseError
from biomatrix.links.kendall import kendall_tau_b
from biomatrix.links.kendall_parity import ExpectedKendall, read_expected_kendall


def every_pair(regions: int, genes: int) -> tuple[np.ndarray, np.ndarray]:
    region, gene = np.meshgrid(np.arange(regions), np.arange(genes), indexing="ij")
    return region.ravel(), gene.ravel()


@pytest.mark.parametrize("seed", range(4))
def test_it_is_scipys_for_counts_full_of_ties(seed: int) -> None:
    draw = np.random.default_rng(seed)
    opened = draw.binomial(1, draw.uniform(0.05, 0.95, 7), (40, 7))
    values = draw.poisson(draw.uniform(0.1, 4.0, 5), (40, 5)).astype(float)
    values[:, 0] += 1.0  # a gene that every cell expresses has no zeros
    region, gene = every_pair(7, 5)
    found = kendall_tau_b(csr_matrix(opened), csr_matrix(values), region, gene)
    wanted = [kendalltau(opened[:, r], values[:, g]).statistic for r, g in zip(region, gene, strict=True)]
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_many_genes_in_any_order_of_pairs_and_cells() -> None:
    draw = np.random.default_rng(9)
    opened, values = draw.binomial(1, 0.3, (30, 11)), draw.poisson(1.0, (30, 150)).astype(float)
    region, gene = every_pair(11, 150)
    whole = kendall_tau_b(csr_matrix(opened), csr_matrix(values), region, gene)
    order, cells = draw.permutation(len(region)), draw.permutation(30)
    again = kendall_tau_b(csr_matrix(opened[cells]), csr_matrix(values[cells]), region[order], gene[order])
    np.testing.assert_allclose(again, whole[order], atol=1e-12)


def test_what_never_varies_has_none() -> None:
    opened = np.array([[1, 0, 1], [1, 0, 0], [1, 0, 1]])
    values = np.array([[2.0, 0.0], [2.0, 1.0], [2.0, 3.0]])
    found = kendall_tau_b(csr_matrix(opened), csr_matrix(values), *every_pair(3, 2)).reshape(3, 2)
    assert np.isnan(found[:, 0]).all()
    assert np.isnan(found[:2]).all()
    assert found[2, 1] == pytest.approx(kendalltau(opened[:, 2], values[:, 1]).statistic)


@pytest.mark.parametrize(
    ("opened", "values", "region", "message"),
    [
        (np.ones((3, 1)), np.ones((2, 1)), 0, "3 cells with regions and 2 with expression"),
        (np.ones((2, 1)), np.array([[1.0], [np.nan]]), 0, "NaN"),
        (np.ones((2, 1)), np.array([[1.0], [-1.0]]), 0, "negative"),
        (np.ones((2, 1)), np.ones((2, 1)), 5, "names a region that is none of the 1"),
    ],
)
def test_what_is_refused(opened: np.ndarray, values: np.ndarray, region: int, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        kendall_tau_b(csr_matrix(opened), csr_matrix(values), np.array([region]), np.array([0]))


@pytest.fixture(scope="module")
def expected(shared: Path) -> ExpectedKendall:
    data = shared / "data" / "single_cell"
    return read_expected_kendall(data / "multiome_chr22", data / "genes" / "hgnc_aliases.parquet")


@pytest.mark.parity
def test_all_recorded_values_of_sce2g(expected: ExpectedKendall) -> None:
    found = kendall_tau_b(expected.opened, expected.expression, expected.region, expected.gene)
    assert len(found) == 18_017
    assert np.abs(found - expected.expected).max() < 1e-5


@pytest.mark.parity
def test_it_is_twenty_times_faster_than_a_loop(expected: ExpectedKendall) -> None:
    pairs = np.arange(0, 18_017, 180)
    begun = time.perf_counter()
    kendall_tau_b(expected.opened, expected.expression, expected.region, expected.gene)
    ours = time.perf_counter() - begun
    opened, values = expected.opened.toarray() > 0, expected.expression.toarray()
    begun = time.perf_counter()
    for pair in pairs:
        kendalltau(opened[:, expected.region[pair]], values[:, expected.gene[pair]])
    assert (time.perf_counter() - begun) * 18_017 / len(pairs) >= 20 * ours
