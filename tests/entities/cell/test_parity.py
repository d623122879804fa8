"""What published models would read of a cell, and how well values come back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from biomatrix.entities.cell.modalities.expression import CellExpression
from biomatrix.entities.cell.published import geneformer_v1_ids, scgpt_bins, scgpt_spread_bins, scgpt_tokens

from .sets import opened, some_cells


def test_geneformer_v1_reads_the_same_ids(shared: Path) -> None:
    from pyarrow.parquet import read_table

    expected = read_table(shared / "data/single_cell/cell_lines_protocols/expected_geneformer_v1.parquet").to_pydict()
    cells = opened(shared, "cell_lines_protocols")
    rows = {name: row for row, name in enumerate(cells.adata.obs_names)}
    assert len(expected["cell"]) == 59
    for name, ids in zip(expected["cell"], expected["input_ids"], strict=True):
        assert geneformer_v1_ids(cells.cell(rows[name])).tolist() == list(ids)


@pytest.mark.parametrize("name", ["cell_lines_protocols", "kang_ifnb"])
def test_bins_of_scgpt_are_the_lowest_that_it_may_draw(shared: Path, name: str) -> None:
    """Its preprocessor draws evenly between the two sides of an edge, without a seed: ours is among its draws."""
    random = np.random.default_rng(0)
    for cell in some_cells(opened(shared, name), 5):
        bins, edges = scgpt_bins(cell.values)
        np.testing.assert_array_equal(edges[1:], np.quantile(cell.values, np.linspace(0, 1, 50)))
        assert len(edges) == 51
        upper, lower = np.digitize(cell.values, edges[1:]), np.digitize(cell.values, edges[1:], right=True)
        draws = [np.ceil(random.random(len(cell)) * (lower - upper) + upper).astype(int) for _ in range(300)]
        assert (np.min(draws, axis=0) >= bins).all()
        clear = upper <= lower + 1
        assert all((draw[clear] == bins[clear]).all() for draw in draws)
        few = upper - lower <= 5
        np.testing.assert_array_equal(np.min(draws, axis=0)[few], bins[few])
        assert bins.min() >= 1
        assert bins.max() <= 50


def test_spread_bins_are_a_draw_that_scgpt_may_make() -> None:
    random = np.random.default_rng(0)
    for size in (1, 2, 7, 60, 3000):
        values = random.geometric(0.4, size).astype(np.float32)
        bins = scgpt_spread_bins(values, np.lexsort((random.random(size), -values)))
        lowest, edges = scgpt_bins(values)
        highest = np.maximum(np.digitize(values, edges[1:]), lowest)
        assert ((lowest <= bins) & (bins <= highest)).all()
        for value in np.unique(values):
            of_one = values == value
            counts = np.bincount(bins[of_one] - lowest[of_one], minlength=int((highest - lowest)[of_one][0]) + 1)
            assert counts.max() - counts.min() <= 1
    assert not len(scgpt_spread_bins(np.empty(0, dtype=np.float32), np.empty(0, dtype=np.int64)))


def test_ids_of_scgpt_are_those_of_its_symbols(shared: Path) -> None:
    (cell,) = some_cells(opened(shared, "kang_ifnb"), 1)
    ids, bins = scgpt_tokens(cell, {"ISG15": 7, "CD3D": 9, "ACTB": 4})
    present = {"ENSG00000187608": 7, "ENSG00000167286": 9, "ENSG00000075624": 4}
    assert ids.tolist() == [present[gene] for gene in cell.genes if gene in present]
    assert len(bins) == len(ids) > 0


@pytest.mark.parametrize("name", ["kang_ifnb", "pbmc_three_chemistries", "cell_lines_protocols"])
def test_values_come_back_from_sixteen_levels(shared: Path, name: str) -> None:
    cells = opened(shared, name)
    tests = np.flatnonzero(np.asarray(cells.adata.obs["split"]) == "test")
    writer = CellExpression("runs", 1 << 20)
    true, read = [], []
    for row in tests[:: 4 if name == "cell_lines_protocols" else 2].tolist():
        cell = cells.cell(row)
        back = writer.decode(writer.encode(cell))
        values = dict(zip(cell.genes, cell.log1p_cp10k(), strict=True))
        true += [values[gene] for gene in back.genes]
        read += back.values.tolist()
    error = np.mean((np.array(true) - np.array(read)) ** 2)
    assert 1 - error / np.var(true) >= 0.965
