"""Genes and open chromatin of the same cells, counted in one matrix: one cell a barcode, with both."""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix, hstack

import biomatrix as bm
from biomatrix.entities import modality
from biomatrix.entities.cell.entity import Cell
from biomatrix.entities.cell.files.fragments import read_fragments
from biomatrix.entities.cell.files.records import CellRanges
from biomatrix.errors import BioMatrixError, ConfigurationError

from .made_files import CELLS, GENES, coding, counts, h5ad, multiome, multiome_folder, ten_x_multiome

ORDER = [1, 2, 0]
"""The peaks in genomic order; that on a scaffold is left out."""


def places(cell: Cell) -> list[tuple[int, int, float]]:
    assert cell.regions is not None
    one = cell.regions
    return list(zip(one.chromosome.tolist(), one.start.tolist(), one.count.tolist(), strict=True))


def the_same(first: Cell, second: Cell) -> bool:
    genes = dict(zip(first.genes, first.values, strict=True)) == dict(zip(second.genes, second.values, strict=True))
    return genes and places(first) == places(second) and first.name == second.name and first.total == second.total


@pytest.mark.parametrize("container", ["h5ad", "zarr", "h5", "folder"])
def test_every_container_gives_both(container: str, tmp_path: Path) -> None:
    settings = {"assembly": "hg38"} if container == "folder" else {}
    path = tmp_path / f"cells.{container}"
    if container == "h5ad":
        multiome().write_h5ad(path)
    elif container == "zarr":
        multiome().write_zarr(path)
    else:
        path = ten_x_multiome(path) if container == "h5" else multiome_folder(path)
    cells = bm.CellSet.from_file(path, **settings)
    assert cells.regions is not None
    assert cells.regions.assembly == "hg38"
    opened = multiome().X[:, GENES:].toarray()
    assert np.array_equal(cells.regions.matrix.toarray(), opened[:, ORDER])
    assert cells.totals is not None
    assert np.array_equal(cells.totals, np.asarray(counts().sum(axis=1)).ravel())  # of genes alone
    assert any("3 peaks of X beside the genes are open regions on hg38" in note for note in cells.notes)
    assert not any("were left out" in note and "peaks" in note.split(":")[0] for note in cells.notes)
    with bm.CellSet.from_file(path, backed=True, **settings) as backed:
        assert all(the_same(one, other) for one, other in zip(backed, cells, strict=True))
        assert the_same(backed[4], cells[4])
    records = bm.read(path, **settings)
    assert all(the_same(one, other) for one, other in zip(records, cells, strict=True))
    last = records[-1]
    assert len(last) == 0  # without a gene, and yet with open regions
    assert len(last.regions) == int((opened[-1, ORDER] > 0).sum())


def test_slices_keep_both() -> None:
    cells = bm.CellSet.from_anndata(multiome())
    for chosen in (slice(2, 9, 3), [7, 0], np.arange(CELLS) % 5 == 0):
        rows = np.arange(CELLS)[chosen]
        assert all(the_same(one, cells[int(row)]) for one, row in zip(cells[chosen], rows, strict=True))
    few = cells.of_genes(coding()[0][:3])
    assert all(places(one) == places(other) for one, other in zip(few, cells, strict=True))
    assert any(note.startswith(f"3 of {GENES} genes were kept") for note in few.notes)


@pytest.mark.parametrize("name", ["out.h5ad", "out.zarr"])
def test_what_is_written_is_read_again(name: str, tmp_path: Path) -> None:
    cells = bm.CellSet.from_anndata(multiome())
    joined = bm.CellSet.from_cells([*cells][::-1])
    few = cells[3:].of_genes(coding()[0][:5])
    for made in (cells, joined, few):
        path = tmp_path / f"{made.matrix.shape}{name}"
        made.to_file(path)
        again = bm.CellSet.from_file(path)
        assert all(the_same(one, other) for one, other in zip(again, made, strict=True))
        raw = anndata.read_h5ad(path) if name == "out.h5ad" else anndata.read_zarr(path)
        assert set(raw.var["feature_types"]) == {"Gene Expression", "Peaks"}
        assert raw.uns["assembly"] == "hg38"


def test_peaks_alone_are_written_too(tmp_path: Path) -> None:
    peaks = multiome()[:, GENES:].copy()
    peaks.write_h5ad(tmp_path / "peaks.h5ad")
    cells = bm.read(tmp_path / "peaks.h5ad")
    bm.CellSet.from_cells(cells).to_file(tmp_path / "again.h5ad")
    again = bm.read(tmp_path / "again.h5ad")
    assert all(the_same(one, other) for one, other in zip(again, cells, strict=True))
    away = Cell(np.empty(0, dtype=object), np.empty(0), regions=bm.read(tmp_path / "peaks.h5ad")[1].regions)
    object.__setattr__(away.regions, "assembly", "hg19")
    with pytest.raises(ConfigurationError, match="one genome, not on hg19 and hg38"):
        bm.CellSet.from_cells([*cells, away])


def test_a_file_of_peaks_alone_is_a_set_without_genes(tmp_path: Path) -> None:
    peaks = multiome(assembly=None)[:, GENES:].copy()
    path = h5ad(tmp_path, made=peaks)
    with pytest.raises(BioMatrixError, match=r"cells\.h5ad: regions without an assembly .*assembly='hg38'"):
        bm.CellSet.from_file(path)
    with pytest.raises(ConfigurationError, match="values and totals tell of genes, and the file has peaks alone"):
        bm.CellSet.from_file(path, assembly="hg38", values="counts", totals="age")
    cells = bm.CellSet.from_file(path, assembly="hg38")
    assert cells.regions is not None
    assert (len(cells), len(cells.genes_alone().genes), cells.matched, cells.totals) == (CELLS, 0, None, None)
    assert any("no genes: the 3 peaks of X are open regions on hg38" in note for note in cells.notes)
    read = bm.read(path, assembly="hg38")
    assert all(the_same(one, other) and one.obs == other.obs for one, other in zip(cells, read, strict=True))
    with bm.CellSet.from_file(path, assembly="hg38", backed=True) as backed:
        assert all(the_same(one, other) for one, other in zip(backed, cells, strict=True))
    held = bm.CellSet.from_anndata(peaks, assembly="hg38")
    assert all(the_same(one, other) for one, other in zip(held, cells, strict=True))
    cells[2:7].to_file(tmp_path / "out.h5ad")
    again = bm.CellSet.from_file(tmp_path / "out.h5ad")
    assert all(the_same(one, other) for one, other in zip(again, cells[2:7], strict=True))


def test_peaks_that_cannot_be_placed_are_left_out_by_a_note_or_refused(tmp_path: Path) -> None:
    path = h5ad(tmp_path, made=multiome(assembly=None))
    cells = bm.CellSet.from_file(path)
    assert cells.regions is None
    assert cells[0].regions is None
    assert any("4 peaks beside the genes were left out: " in note and "assembly='hg38'" in note for note in cells.notes)
    assert bm.CellSet.from_file(path, assembly="GRCh38").regions is not None
    said = h5ad(tmp_path, "hg19.h5ad", multiome(assembly="GRCh37"))
    with pytest.raises(BioMatrixError, match="lie on hg19 and hg38 is wanted"):
        bm.CellSet.from_file(said, assembly="hg38")
    with pytest.raises(BioMatrixError, match="the columns are no peaks"):
        bm.read(h5ad(tmp_path, "genes.h5ad", multiome()[:, :GENES].copy()), assembly="hg38")
    mouse = bm.CellSet.from_file(ten_x_multiome(tmp_path / "mouse.h5", "mm10"))
    assert any("left out: no assembly 'mm10'" in note for note in mouse.notes)


def test_values_are_those_of_genes_whatever_peaks_hold(tmp_path: Path) -> None:
    """Weights of peaks are no counts, and counts of peaks no logarithms; each part is read as it is."""
    logs = counts().copy()
    sums = np.repeat(np.asarray(logs.sum(axis=1)).ravel(), np.diff(logs.indptr))
    logs.data = np.log1p(logs.data / sums * 1e6).astype(np.float32)
    made = multiome(counts_of=logs)
    cells = bm.CellSet.from_anndata(made)
    assert cells.scale == "log1p_cp10k"
    assert places(cells[0]) == places(bm.CellSet.from_anndata(multiome())[0])
    assert np.expm1(cells[0].values).sum() == pytest.approx(1e4, rel=1e-4)
    weighed = multiome()
    weighed.X = hstack([weighed.X[:, :GENES], weighed.X[:, GENES:] * 0.37], format="csr")
    cells = bm.CellSet.from_file(h5ad(tmp_path, made=weighed))
    assert cells.scale == "counts"
    assert places(cells[0])[0][2] == pytest.approx(0.37 * places(bm.CellSet.from_anndata(multiome())[0])[0][2])


def test_peaks_are_found_beside_genes_of_another_matrix() -> None:
    whole = multiome()
    made = whole[:, GENES:].copy()
    made.raw = whole[:, :GENES].copy()
    cells = bm.CellSet.from_anndata(made)
    assert all(the_same(one, other) for one, other in zip(cells, bm.CellSet.from_anndata(whole), strict=True))


def test_both_modalities_write_the_same_cell(shared: Path, tmp_path: Path) -> None:
    """Real RNA and fragments of 500 cells, put into one matrix as Cell Ranger ARC would."""
    folder = shared / "data" / "single_cell" / "multiome_chr22"
    rna = anndata.read_h5ad(folder / "rna.h5ad")
    names = [str(name) for name in rna.obs_names]
    atac = read_fragments(folder / "atac_fragments_chr22p.parquet", assembly="hg38", barcodes=names, ordered=False)
    peaks = atac.to_anndata()
    kinds = ["Gene Expression"] * rna.n_vars + ["Peaks"] * peaks.n_vars
    var = pd.DataFrame({"feature_types": kinds}, index=[*rna.var_names, *peaks.var_names])
    matrix = hstack([csr_matrix(rna.X), peaks.X], format="csr")
    path = tmp_path / "multiome.h5ad"
    anndata.AnnData(matrix, obs=rna.obs, var=var, uns={"genome": "GRCh38"}).write_h5ad(path)
    alone = bm.CellSet.from_file(folder / "rna.h5ad")
    of_genes, of_regions = modality("cell_expression"), modality("cell_accessibility", assembly="hg38")
    with CellRanges(path) as ranges:
        cells = ranges.read(200, 260)
    assert len(cells) == 60
    for number, cell in enumerate(cells, 200):
        assert of_genes.encode(cell) == of_genes.encode(alone[number])
        if len(cell.regions):
            assert of_regions.encode(cell) == of_regions.encode(atac.cell(number))
            decoded = of_regions.decode(of_regions.encode(cell))
            assert decoded.regions.start.tolist() == cell.regions.start.tolist()
    assert sum(len(cell.regions) > 0 for cell in cells) > 50
