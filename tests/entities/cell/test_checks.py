"""Checks of expression: real cells pass, broken ones fail the one that names the fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from biomatrix import Cell
from biomatrix.entities import compare
from biomatrix.entities.cell.checks import check_expression
from biomatrix.entities.cell.compare import likeness
from biomatrix.entities.cell.kind import CELL
from biomatrix.entities.cell.modalities.expression import CellExpression

from .sets import opened, some_cells

SETS = ("kang_ifnb", "pbmc_three_chemistries", "cell_lines_protocols")


def faults(cell: Cell) -> list[str]:
    return [check.name for check in check_expression(cell) if check.passed is False]


def with_genes(cell: Cell, symbols: list[str], value: float) -> Cell:
    """Return a cell whose genes of these symbols have a value on its own scale."""
    from biomatrix.entities.cell.sentences import gene_of

    genes = [gene_of(symbol) for symbol in symbols]
    kept = ~np.isin(cell.genes, genes)
    values = np.concatenate([cell.values[kept], np.full(len(genes), value, np.float32)])
    return replace(cell, genes=np.concatenate([cell.genes[kept], np.array(genes, dtype=object)]), values=values)


@pytest.mark.parametrize("name", SETS)
def test_real_cells_pass(shared: Path, name: str) -> None:
    cells = some_cells(opened(shared, name), 100)
    failed = [fault for cell in cells for fault in faults(cell) if fault != "genes of the table"]
    assert len(failed) <= 5, failed
    for check in check_expression(cells[0]):
        assert check.value is not None
        assert check.unit


def test_each_fault_has_its_check(shared: Path) -> None:
    cell = next(cell for cell in some_cells(opened(shared, "kang_ifnb"), 50) if not faults(cell)
                and cell.obs["cell_type"] == "CD4 T cells")  # fmt: skip
    assert faults(with_genes(cell, ["MT-CO1", "MT-ND1"], float(cell.values.sum()))) == ["mitochondrial counts"]
    both = with_genes(cell, ["CD3D", "CD3E", "CD79A", "MS4A1"], 8.0)
    assert faults(both) == ["coherent markers"]
    few = replace(cell, genes=cell.genes[:5], values=cell.values[:5], total=1e4)
    assert "number of genes" in faults(few)
    strange = replace(cell, genes=np.array(["ENSG99999999999", *cell.genes[1:]], dtype=object))
    assert "genes of the table" in faults(strange)
    ribosomal = replace(cell, genes=cell.genes[:30], values=np.ones(30, np.float32))
    assert "ribosomal counts" in faults(
        with_genes(ribosomal, [f"RPL{number}" for number in (3, 4, 5, 6, 8, 9, 11)], 20.0)
    )


def test_ranks_tell_no_shares() -> None:
    ranks = Cell(np.array(["ENSG00000167286"], dtype=object), np.ones(1, np.float32), scale="rank")
    unknown = {check.name for check in check_expression(ranks) if check.passed is None}
    assert unknown == {"mitochondrial counts", "ribosomal counts", "coherent markers"}


def test_likeness_and_comparison(shared: Path) -> None:
    first, second = some_cells(opened(shared, "cell_lines_protocols"), 2)
    back = CellExpression("runs", 20_000).decode(CellExpression("runs", 20_000).encode(first))
    found = {check.name: check for check in compare(first, back)}
    assert found["same cell"].passed is False
    assert found["shared genes"].value == 1.0
    error, correlation = found["error of shared genes"].value, found["Pearson correlation"].value
    assert error < 0.12  # type: ignore[operator]
    assert correlation > 0.98  # type: ignore[operator]
    assert likeness(first, back).passed
    assert not likeness(first, second).passed
    assert CELL.agree(first, back)[0].passed
    assert CELL.resemblance(first, first).value == pytest.approx(1.0)
    assert CELL.meaning(first) is None
