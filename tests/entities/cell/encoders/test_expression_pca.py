"""Principal components of expression as an encoder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix import Cell
from biomatrix.entities.cell.encoders.expression_pca import ExpressionPCA
from biomatrix.errors import ConfigurationError, UnsupportedError, WeightsError

GENES = np.array([f"ENSG{number:011d}" for number in range(60)], dtype=object)


def make_cells(count: int = 80, seed: int = 0) -> list[Cell]:
    """Return cells of two sorts, whose genes come in an order of their own."""
    draw = np.random.default_rng(seed)
    rates = np.stack([draw.gamma(0.6, 3, 60), draw.gamma(0.6, 3, 60)])
    cells = []
    for number in range(count):
        counts = draw.poisson(rates[number % 2])
        held = draw.permutation(np.flatnonzero(counts))
        cells.append(Cell(GENES[held], counts[held].astype(np.float32), total=float(counts.sum())))
    return cells


def dense(cells: list[Cell], genes: tuple[str, ...]) -> Any:
    return np.array([[dict(zip(c.genes, c.log1p_cp10k(), strict=True)).get(g, 0.0) for g in genes] for c in cells])


def test_components_are_those_of_scikit_learn() -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    cells = make_cells()
    encoder = ExpressionPCA.fit(cells, components=5, num_genes=40)
    table = dense(cells, encoder.genes)
    assert len(encoder.genes) == 40
    expected = decomposition.PCA(5, svd_solver="full").fit(table)
    found = encoder.encode(cells)
    assert found.shape == (80, 1, 5)
    reference = expected.transform(table)
    signs = np.sign((reference * found[:, 0]).sum(axis=0))
    np.testing.assert_allclose(found[:, 0] * signs, reference, atol=1e-4)
    left_out = dense(cells, tuple(set(GENES) - set(encoder.genes))).var(axis=0).max()
    assert table.var(axis=0).min() >= left_out


def test_saved_and_opened_it_is_the_same(tmp_path: Path) -> None:
    cells = make_cells()
    encoder = ExpressionPCA.fit(cells, components=5, num_genes=40, fitted_on="two made-up sorts")
    assert ExpressionPCA.fit(cells, components=5, num_genes=40).hash == encoder.hash
    assert ExpressionPCA.fit(cells, components=4, num_genes=40).hash != encoder.hash
    encoder.save_pretrained(tmp_path / "pca")
    again = ExpressionPCA.from_pretrained(tmp_path / "pca")
    assert (again.hash, again.genes, again.fitted_on) == (encoder.hash, encoder.genes, "two made-up sorts")
    np.testing.assert_array_equal(again.encode(cells), encoder.encode(cells))


def test_genes_are_matched_by_id_whatever_their_order() -> None:
    encoder, cell = ExpressionPCA.fit(make_cells(), components=3), make_cells(1, seed=4)[0]
    order = np.argsort(cell.genes)
    expected = encoder.encode([cell])
    np.testing.assert_allclose(
        encoder.encode([replace(cell, genes=cell.genes[order], values=cell.values[order])]), expected, atol=1e-6
    )
    more = replace(cell, genes=np.append(cell.genes, "ENSG00000999999"), values=np.append(cell.values, 7))
    np.testing.assert_allclose(encoder.encode([more]), expected, atol=1e-6)  # the total is given, and stays
    assert encoder.key(cell) == encoder.key(replace(cell, name="b", obs={"donor": 3}, notes=("a note",)))


def test_cells_without_anything_to_encode_are_refused() -> None:
    encoder, cell = ExpressionPCA.fit(make_cells(), components=3), make_cells(1)[0]
    strange = replace(cell, genes=np.array([f"ENSG9{g[5:]}" for g in cell.genes], dtype=object))
    cells = [replace(cell, genes=GENES[:0], values=cell.values[:0]), strange, replace(cell, scale="rank")]
    found = encoder.encode_each(cells)
    assert [type(one) for one in found] == [UnsupportedError] * 3
    assert all(word in str(one) for word, one in zip(("without genes", "none of", "counts"), found, strict=True))
    with pytest.raises(ConfigurationError, match="more cells than components"):
        ExpressionPCA.fit(make_cells(5), components=5)
    with pytest.raises(ConfigurationError, match="0 cells and 0 genes"):
        ExpressionPCA.fit([])


def edit(path: Path, **words: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **words}))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "config.json").unlink(), "config.json"),
        (lambda f: edit(f / "config.json", encoder="other"), "fit it again"),
        (lambda f: edit(f / "config.json", genes=["ENSG00000000001"]), "do not fit"),
        (lambda f: (f / "encoder.safetensors").write_bytes(b"\x80\x04pickle"), "not a safetensors file"),
    ],
)
def test_damaged_folders_are_refused(damage: Callable[[Path], Any], message: str, tmp_path: Path) -> None:
    ExpressionPCA.fit(make_cells(), components=3).save_pretrained(tmp_path / "pca")
    damage(tmp_path / "pca")
    with pytest.raises(WeightsError, match=message):
        ExpressionPCA.from_pretrained(tmp_path / "pca")
