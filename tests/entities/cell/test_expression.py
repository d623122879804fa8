"""Expression as tokens: in an order that nothing but the cell decides, there and back within a level."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomatrix import Cell, CellSet, Molecule, modality
from biomatrix.entities.cell.modalities.expression import CellExpression
from biomatrix.entities.cell.modalities.expression_grammar import LAYOUTS, Layout
from biomatrix.errors import ConfigurationError, DecodeError, ParseError, UnsupportedError

from .sets import opened, some_cells

CD3D, CD79A, ACTB, MT = "ENSG00000167286", "ENSG00000105369", "ENSG00000075624", "ENSG00000198804"
SET = "cell_lines_protocols"


@pytest.fixture(scope="module")
def deep(shared: Path) -> CellSet:
    return opened(shared, SET)


def cell_of(values: dict[str, float], **about: object) -> Cell:
    return Cell(np.array(list(values), dtype=object), np.array(list(values.values()), np.float32), **about)  # type: ignore[arg-type]


def shuffled(cell: Cell, seed: int) -> Cell:
    order = np.random.default_rng(seed).permutation(len(cell))
    return replace(cell, genes=cell.genes[order], values=cell.values[order])


def test_layouts_write_the_same_genes_in_their_ways() -> None:
    cell = cell_of({ACTB: 90.0, CD3D: 8.0, CD79A: 2.0}, total=10_000.0)
    texts = {layout: " ".join(CellExpression(layout).encode(cell)) for layout in LAYOUTS}
    assert texts["genes"] == f"<D 10> <G {ACTB}> <G {CD3D}> <G {CD79A}>"
    assert texts["pairs"] == f"<D 10> <G {ACTB}> <X 13> <G {CD3D}> <X 6> <G {CD79A}> <X 3>"
    assert texts["runs"] == f"<D 10> <X 13> <G {ACTB}> <X 6> <G {CD3D}> <X 3> <G {CD79A}>"
    assert CellExpression("runs", 1, depth=False).encode(cell) == ["<X 13>", f"<G {ACTB}>"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_order_of_a_file_changes_nothing(deep: CellSet, layout: Layout) -> None:
    writer = CellExpression(layout, 300)
    for seed, cell in enumerate(some_cells(deep, 4)):
        halves = replace(cell, values=cell.values + np.float32(0.3), total=None)  # sums of these do round
        for one in (cell, halves, replace(halves, values=np.ones_like(cell.values))):
            assert writer.encode(shuffled(one, seed)) == writer.encode(one)
        assert writer.length(writer.encode(cell)) == 300


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sets_are_written_as_their_cells(deep: CellSet, layout: Layout) -> None:
    """Whatever the order of columns and rows, and with columns that are no gene."""
    import anndata

    random = np.random.default_rng(3)
    adata = deep.adata[random.permutation(len(deep))[:30]][:, random.permutation(deep.adata.n_vars)].copy()
    adata.var["ensembl_id"] = np.where(np.arange(adata.n_vars) % 50 == 0, "", adata.var_names)
    cells = CellSet.from_anndata(anndata.AnnData(adata.X, adata.obs, adata.var), totals="n_counts")
    for k in (40, 20_000):
        writer = CellExpression(layout, k)
        ids = 100 + np.random.default_rng(0).permutation(len(writer.texts)).astype(np.int32)
        for cell, codes, numbers in zip(cells, writer.encode_set(cells), writer.encode_set(cells, ids), strict=True):
            assert writer.texts[codes].tolist() == writer.encode(cell)
            np.testing.assert_array_equal(numbers, ids[codes])
            assert codes.dtype == numbers.dtype == np.int32


@pytest.mark.parametrize("layout", LAYOUTS)
def test_tokens_there_and_back(deep: CellSet, layout: Layout) -> None:
    writer = CellExpression(layout, 500)
    for cell in some_cells(deep, 3):
        tokens = writer.encode(cell)
        back = writer.decode(tokens)
        assert list(back.genes) == [token[3:-1] for token in tokens if token[1] == "G"]
        again = writer.encode(back)
        assert again[0] == tokens[0]
        assert sorted(again) == sorted(tokens)
        assert all(check.passed for check in writer.check_tokens(tokens))
        if layout == "genes":
            assert again == tokens
            continue
        true = dict(zip(cell.genes, cell.log1p_cp10k(), strict=True))
        inside = [abs(true[gene] - value) for gene, value in zip(back.genes, back.values, strict=True)]
        low, high = writer.levels.low, writer.levels.high
        clipped = [not low <= true[gene] <= high for gene in back.genes]
        assert max(np.array(inside)[~np.array(clipped)]) <= writer.levels.width / 2 + 1e-5


def test_levels_come_before_scaled_values_and_ties_have_an_order() -> None:
    genes = CellExpression("genes").genes
    unknown = genes.ids[np.flatnonzero(np.diff(np.log(genes.inverse_medians), append=1) == 0)]
    lnc = [gene for gene in genes.ids[:400] if gene not in (CD3D, ACTB)][:6]
    cell = cell_of(dict.fromkeys(reversed(lnc), 3.0), total=1e4)
    written = [token[3:-1] for token in CellExpression("pairs", depth=False).encode(cell)[::2]]
    scaled = genes.inverse_medians[genes.of(written)]
    assert (np.diff(scaled) <= 0).all()
    assert len(unknown) == 0 or (np.diff(genes.of(unknown)) > 0).all()


@given(st.lists(st.integers(1, 5), min_size=1, max_size=60), st.integers(1, 70), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_any_counts_are_written_in_order(counts: list[int], k: int, seed: int) -> None:
    """Against the definition, spelled out: many ties, any k."""
    writer = CellExpression("pairs", k, depth=False)
    genes = writer.genes
    chosen = np.random.default_rng(seed).choice(len(genes), len(counts), replace=False)
    cell = cell_of(dict(zip(genes.ids[chosen], map(float, counts), strict=True)), total=500.0)
    levels = np.digitize(np.log1p(np.array(counts) * 20.0), writer.levels.edges)
    scaled = np.array(counts) * genes.inverse_medians[chosen]
    expected = np.lexsort((chosen, -scaled, -levels))[:k]
    tokens = writer.encode(cell)
    assert tokens[::2] == [f"<G {gene}>" for gene in genes.ids[chosen[expected]]]
    assert tokens[1::2] == [f"<X {level}>" for level in levels[expected]]
    ranked = CellExpression("genes", k, depth=False).encode(cell)
    assert ranked == [f"<G {gene}>" for gene in genes.ids[chosen[np.lexsort((chosen, -scaled))[:k]]]]


def test_values_that_tell_nothing_are_refused() -> None:
    cell = cell_of({ACTB: 9.0, CD3D: 2.0}, scale="rank")
    assert CellExpression("genes", depth=False).encode(cell) == [f"<G {ACTB}>", f"<G {CD3D}>"]
    for layout, scale in (("runs", "rank"), ("genes", "other")):
        with pytest.raises(UnsupportedError, match=f"values that are {scale} say nothing about counts"):
            CellExpression(layout).encode(replace(cell, scale=scale))  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError, match="none of the 1 genes of this cell has a token"):
        modality("cell_expression").encode(cell_of({"ENSG99999999999": 1.0}))
    with pytest.raises(UnsupportedError, match="cannot write this molecule"):
        modality("cell_expression").encode(Molecule.from_smiles("C"))


def test_what_is_left_out_is_said() -> None:
    cell = cell_of({ACTB: 9.0, "ENSG99999999999": 2.0})
    writer = modality("cell_expression")
    assert writer.losses(cell) == ("1 of 2 genes have no token and are left out",)
    assert "genes past the first k" in writer.cannot_carry


@pytest.mark.parametrize(
    ("tokens", "message", "position"),
    [
        ([f"<G {ACTB}>", "<X 4>", f"<G {ACTB}>", "<X 4>"], "written twice", 2),
        ([f"<G {ACTB}>", "<X 4>", f"<G {CD3D}>", "<X 5>"], "levels fall", 3),
        (["<X 4>", f"<G {ACTB}>", "<X 4>", f"<G {CD3D}>"], "levels fall", 2),
        (["<X 4>", "<X 3>", f"<G {CD3D}>"], "no gene", 1),
        ([f"<G {ACTB}>", f"<G {CD3D}>", "<X 3>"], "has no level", 1),
        (["<X 16>", f"<G {ACTB}>"], "no level 16", 0),
        (["<G ENSG99999999999>"], "no gene that has a token", 0),
        ([f"<G {ACTB}>", "<D 3>"], "no read depth", 1),
        (["<D 3>"], "no gene is written", 1),
        ([f"<G {ACTB}>", "CD3D"], "no token of expression", 1),
        ([f"<G {ACTB}>", "<X 4>", f"<G {CD3D}>"], "has no level", 2),
        ([], "no gene is written", 0),
    ],
)
def test_bad_tokens_are_refused_where_they_stand(tokens: list[str], message: str, position: int) -> None:
    with pytest.raises(DecodeError, match=message) as refused:
        modality("cell_expression").decode(tokens)
    assert refused.value.position == position


def test_checks_of_tokens_count_faults() -> None:
    writer = CellExpression("pairs")
    tokens = [f"<G {ACTB}>", "<X 4>", f"<G {ACTB}>", "<X 4>", f"<G {CD3D}>", "<X 5>", "CD3D"]
    found = {check.name: (check.passed, check.value, check.unit) for check in writer.check_tokens(tokens)}
    assert found == {
        "known genes": (False, 1.0, "unknown tokens"),
        "no gene twice": (False, 1.0, "repeats"),
        "levels fall": (False, 1.0, "rises"),
    }


def test_columns_of_one_gene_are_refused(deep: CellSet) -> None:
    genes = deep.genes.copy()
    genes[5] = genes[9]
    with pytest.raises(ParseError, match="stands in 2 columns"):
        modality("cell_expression").encode_set(replace(deep, genes=genes))


def test_empty_cells_are_kept_without_tokens() -> None:
    import anndata
    import pandas as pd
    from scipy.sparse import csr_matrix

    adata = anndata.AnnData(csr_matrix(np.array([[0, 0], [3, 0], [0, 0]])), var=pd.DataFrame(index=[ACTB, CD3D]))
    for layout in LAYOUTS:
        written = modality("cell_expression", layout=layout).encode_set(CellSet.from_anndata(adata))
        assert [len(ids) > 0 for ids in written] == [False, True, False]


def test_settings_are_checked() -> None:
    for wrong in ({"layout": "bins"}, {"k": 0}, {"levels": 1}, {"low": 3.0, "high": 2.0}, {"levels": 33}):
        with pytest.raises(ConfigurationError):
            CellExpression(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="no Ensembl id"):
        CellExpression(genes=["CD3D"]).vocabulary()
    few = CellExpression(genes=[CD3D, ACTB])
    assert len(few.genes) == 2
    assert few.settings()["genes"] == [CD3D, ACTB]
    assert few.vocabulary()[f"<G {CD3D}>"].startswith("CD3D")
