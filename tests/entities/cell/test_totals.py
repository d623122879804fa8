"""The counts of a cell over all genes: the same by whichever way the cell is reached, and kept where genes are cut."""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
import pytest

import biomatrix as bm
from biomatrix.entities.cell.cell_set import CellSet
from biomatrix.errors import ConfigurationError

from .files.made_files import CELLS, cells, counts, h5ad

LAST = CELLS - 1


def _reached(path: Path) -> list[float | None]:
    """Return the total of the last cell by every way there is."""
    whole = CellSet.from_file(path)
    mask = np.arange(CELLS) == LAST
    found = [whole[LAST], whole[-1], whole.cell(LAST), whole.cell(-1), list(whole)[LAST]]
    found += [whole[LAST:][0], whole[[LAST]][0], whole[mask][-1], whole[::-1][0]]
    with CellSet.from_file(path, backed=True) as backed:
        found += [backed[LAST], backed[-1], backed.cell(LAST), backed.cell(-1), list(backed)[LAST], backed[LAST:][0]]
        found += [list(backed.chunks(7))[-1][-1]]
    record = bm.read(path)[LAST]
    assert isinstance(record, bm.Cell)
    return [one.total for one in [*found, record]]


@pytest.mark.parametrize("column", [None, "n_counts"])
def test_a_cell_has_one_total_by_every_way(tmp_path: Path, column: str | None) -> None:
    made = cells()
    expected = float(counts()[LAST].sum())
    if column is not None:
        made.obs[column] = expected = 12_345.0
    made.write_h5ad(tmp_path / "cells.h5ad")
    assert set(_reached(tmp_path / "cells.h5ad")) == {expected}


def test_sums_over_a_choice_of_genes_are_said_to_be_no_totals(tmp_path: Path) -> None:
    said = f"totals of cells are sums over the {cells().n_vars} genes of the file"
    made = cells()
    assert any(note.startswith(said) for note in CellSet.from_anndata(made).notes)
    made.obs["n_counts"] = 12_345.0
    assert not any("sums over" in note for note in CellSet.from_anndata(made).notes)


def test_features_that_are_no_genes_do_not_count(tmp_path: Path) -> None:
    made = cells()
    made.var["feature_types"] = ["Gene Expression"] * (made.n_vars - 3) + ["Peaks", "Antibody Capture", "Peaks"]
    made.write_h5ad(tmp_path / "cells.h5ad")
    expected = float(counts()[LAST, : made.n_vars - 3].sum())
    assert set(_reached(tmp_path / "cells.h5ad")) == {expected}


@pytest.mark.parametrize("of_raw", [False, True])
def test_a_cut_set_keeps_the_totals_in_memory_and_in_a_file(tmp_path: Path, of_raw: bool) -> None:
    made = cells()
    if of_raw:
        made.raw = made.copy()
        made = made[:, :5].copy()
        made.X = np.log1p(made.X.toarray() / 3.7)
    whole = CellSet.from_anndata(made)
    few = whole.of_genes(whole.genes[[3, 1, 7]])
    assert few.genes.tolist() == whole.genes[[1, 3, 7]].tolist()
    assert few[LAST].total == whole[LAST].total
    np.testing.assert_allclose(few.log1p_cp10k().toarray(), whole.log1p_cp10k()[:, [1, 3, 7]].toarray())
    few.to_file(tmp_path / "few.h5ad")
    again = CellSet.from_file(tmp_path / "few.h5ad")
    assert again.totals is not None
    assert whole.totals is not None
    np.testing.assert_array_equal(again.totals, whole.totals)
    np.testing.assert_array_equal(again.matrix.toarray(), few.matrix.toarray())
    with pytest.raises(ConfigurationError, match="none of these genes"):
        whole.of_genes(["ENSG99999999999"])


def test_a_place_that_is_none_and_an_empty_choice(tmp_path: Path) -> None:
    path = h5ad(tmp_path, "cells.h5ad")
    with CellSet.from_file(path, backed=True) as backed, pytest.raises(IndexError, match=f"no cell {CELLS}"):
        backed.cell(CELLS)
    whole = CellSet.from_file(path)
    with pytest.raises(IndexError, match=f"no cell -{CELLS + 1}"):
        whole[-CELLS - 1]
    assert len(whole[[]]) == len(whole[0:0]) == 0


def test_levels_read_from_tokens_are_still_logarithms_in_their_file(tmp_path: Path) -> None:
    expression = bm.modality("cell_expression")
    decoded = [expression.decode(expression.encode(cell)) for cell in CellSet.from_anndata(cells()) if len(cell)]
    CellSet.from_cells(decoded).to_file(tmp_path / "decoded.h5ad")
    again = CellSet.from_file(tmp_path / "decoded.h5ad")
    assert again.scale == "log1p_cp10k"
    assert [cell.total for cell in again] == [cell.total for cell in decoded]
    assert CellSet.from_anndata(anndata.read_h5ad(tmp_path / "decoded.h5ad")).scale == "log1p_cp10k"
