"""Matrices of peaks: where their columns lie is read, asked for or refused, never guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix.entities import modality
from biomatrix.entities.cell.entity import Cell
from biomatrix.entities.cell.files.peaks import peaks_of, read_peaks
from biomatrix.entities.cell.kind import CELL
from biomatrix.entities.cell.regions import CHROMOSOMES
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError, ParseError, UnsupportedError

anndata = pytest.importorskip("anndata")
pd = pytest.importorskip("pandas")
sparse = pytest.importorskip("scipy.sparse")


def made(names: list[str], uns: dict[str, Any] | None = None, **columns: list[Any]) -> Any:
    """Return three cells of the given peaks: one with none open, one with the first, one with all."""
    counts = np.zeros((3, len(names)), dtype=np.float32)
    counts[1, 0] = 2
    counts[2] = np.arange(len(names)) + 1
    var = pd.DataFrame(columns, index=names)
    return anndata.AnnData(sparse.csr_matrix(counts), var=var, uns=uns or {})


def places(adata: Any, **settings: Any) -> list[tuple[str, int, int]]:
    one = peaks_of(adata, **settings).regions
    return [(CHROMOSOMES[c], int(s), int(e)) for c, s, e in zip(one.chromosome, one.start, one.end, strict=True)]


NAMES = ["chr2:100-600", "chr1:9000-9501"]
SORTED = [("chr1", 9000, 9501), ("chr2", 100, 600)]


@pytest.mark.parametrize(
    ("adata", "settings"),
    [
        (made(NAMES), {"assembly": "hg38"}),
        (made(["chr2-100-600", "chr1_9000_9501"]), {"assembly": "GRCh38"}),
        (made(["2:100-600", "1:9000-9501"], {"assembly": "GRCh38"}), {}),
        (made(NAMES, genome=["GRCh38", "GRCh38"]), {}),
        (made(["a", "b"], chrom=["chr2", "chr1"], start=[100, 9000], end=[600, 9501]), {"assembly": "hg38"}),
        (made(["a", "b"], **{"#Chromosome": ["chr2", "chr1"], "hg38_Start": [100, 9000], "hg38_End": [600, 9501]}), {}),
        (made(["a", "b"], interval=NAMES), {"assembly": "hg38"}),
        (made(["chr2:101-600", "chr1:9001-9501"]), {"assembly": "hg38", "one_based": True}),
    ],
)
def test_places_of_columns(adata: Any, settings: dict[str, Any]) -> None:
    assert places(adata, **settings) == SORTED
    found = peaks_of(adata, **settings)
    assert found.regions.assembly == "hg38"
    assert found.matrix.toarray().tolist() == [[0, 0], [0, 2], [2, 1]]
    assert any("cells without an open region, kept: 1" in note for note in found.notes)
    assert len(list(found)) == 3


def test_only_peaks_are_read_of_several_kinds_of_features() -> None:
    adata = made(["CD3D", *NAMES], feature_types=["Gene Expression", "Peaks", "Peaks"], genome=["GRCh38"] * 3)
    found = peaks_of(adata)
    assert found.matrix.toarray()[2].tolist() == [3, 2]
    assert any("no peaks: 1 columns" in note for note in found.notes)
    with pytest.raises(UnsupportedError, match="the columns are Gene Expression, no peaks"):
        peaks_of(adata[:, :1])


@pytest.mark.parametrize(
    ("adata", "settings", "error", "match"),
    [
        (made(NAMES), {}, UnsupportedError, r"without an assembly.*say which genome.*assembly='hg38'"),
        (made(NAMES, {"genome": "hg19"}), {"assembly": "hg38"}, UnsupportedError, "lie on hg19 and hg38 is wanted"),
        (made(NAMES, genome=["hg19", "hg38"]), {}, UnsupportedError, "several genomes, hg19, hg38"),
        (made(["chr1:1-5", "chr1:900-100"]), {"assembly": "hg38"}, ParseError, "column 'chr1:900-100': .* no interval"),
        (made(["chr1:1-5", "chr21:1-47000000"]), {"assembly": "hg38"}, ParseError, "ends past .* within hg19"),
        (made(["GL1:1-5", "KI2:1-9"]), {"assembly": "hg38"}, ParseError, "they lie on GL1, KI2"),
        (made(["chr1:1-5", "chr1:7-9", "peak3"]), {"assembly": "hg38"}, ParseError, "column 'peak3' is no region"),
        (made(["CD3D", "LYZ"]), {"assembly": "hg38"}, UnsupportedError, "no regions: 'CD3D', 'LYZ'; name them as"),
        (made(["a"], chrom=["chr1"], start=[1.5], end=[9]), {"assembly": "hg38"}, ParseError, "no positions"),
    ],
)
def test_columns_without_a_place_are_refused(
    adata: Any, settings: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        peaks_of(adata, **settings)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_counts_that_are_none_are_refused_with_the_cell(value: float) -> None:
    adata = made(NAMES)
    adata.X.data[0] = value
    with pytest.raises(ParseError, match=r"position 1: a count is"):
        peaks_of(adata, assembly="hg38")


def test_scaffolds_are_left_out_and_said() -> None:
    found = peaks_of(made([*NAMES, "KI270728.1:5-9"]), assembly="hg38")
    assert len(found.regions) == 2
    assert any("lie on no chromosome: 1 columns (KI270728.1)" in note for note in found.notes)


def test_it_goes_back_to_anndata(tmp_path: Path) -> None:
    found = peaks_of(made(NAMES), assembly="hg38")
    again = peaks_of(found.to_anndata())
    assert np.array_equal(again.matrix.toarray(), found.matrix.toarray())
    assert again.assembly == "hg38"


def test_files_of_peaks(tmp_path: Path, shared: Path) -> None:
    path = tmp_path / "peaks.h5ad"
    made(NAMES, {"assembly": "GRCh38"}).write_h5ad(path)
    assert read_peaks(path).matrix.toarray().tolist() == [[0, 0], [0, 2], [2, 1]]
    real = shared / "data" / "single_cell" / "hematopoiesis_atac" / "hematopoiesis_atac.h5ad"
    with pytest.raises(UnsupportedError, match=r"hematopoiesis_atac\.h5ad: regions without an assembly"):
        read_peaks(real)
    found = read_peaks(real, assembly="hg19")
    assert (len(found), len(found.regions)) == (579, 5000)
    tokens = modality("cell_accessibility", assembly="hg19").encode(found.cell(0))
    assert tokens[0].startswith("<C chr")


def test_cells_of_a_file_of_peaks_are_read_as_any_record(tmp_path: Path) -> None:
    path = tmp_path / "peaks.h5ad"
    adata = made(NAMES)
    adata.obs_names = ["A", "B", "C"]
    adata.write_h5ad(path)
    (refused,) = CELL.read(path, "h5ad")
    assert isinstance(refused, Reject)
    assert "assembly='hg38'" in refused.reason
    cell = CELL.read_one(path, "h5ad", "C", assembly="hg38")
    assert cell.regions is not None
    assert cell.regions.count.tolist() == [2, 1]
    assert "regions lie on hg38" in cell.notes
    with pytest.raises(ConfigurationError, match="without genes are read with assembly, layer, one_based, not values"):
        CELL.read_one(path, "h5ad", 1, assembly="hg38", values="counts")
    adata.uns["assembly"] = "hg38"
    adata.write_h5ad(path)
    cells = list(CELL.read(path, "h5ad"))
    assert [len(cell.regions) for cell in cells if isinstance(cell, Cell) and cell.regions is not None] == [0, 1, 2]
    assert CELL.from_bytes(CELL.to_bytes(cell)).regions.start.tolist() == cell.regions.start.tolist()  # type: ignore[union-attr]


def test_a_peak_matrix_of_cell_ranger(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "filtered_peak_bc_matrix.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        group["barcodes"] = np.array([b"A-1", b"B-1"])
        group["data"], group["indices"] = np.array([2, 1, 1], dtype=np.int32), np.array([0, 0, 1])
        group["indptr"], group["shape"] = np.array([0, 1, 3]), np.array([2, 2])
        features = group.create_group("features")
        names = np.array([name.encode() for name in NAMES])
        features["id"], features["name"] = names, names
        features["feature_type"], features["genome"] = np.array([b"Peaks"] * 2), np.array([b"GRCh38"] * 2)
    found = read_peaks(path)
    assert found.barcodes.tolist() == ["A-1", "B-1"]
    assert found.matrix.toarray().tolist() == [[0, 2], [1, 1]]
    assert found.assembly == "hg38"
