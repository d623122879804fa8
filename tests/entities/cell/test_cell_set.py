"""Sets of cells: the containers they come in, the matrix that is read, slices, and the way back into a file."""

from __future__ import annotations

import gzip
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import anndata
import h5py
import numpy as np
import pytest
from scipy.io import mmwrite
from scipy.sparse import csc_matrix, csr_matrix

import biomatrix as bm
from biomatrix.entities.cell.cell_set import CellSet
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, UnsupportedError

from .files.made_files import CELLS, GENES, cells, coding, counts, h5ad


def _texts(words: list[str]) -> np.ndarray:
    return np.array([word.encode() for word in words])


def _ten_x(path: Path) -> Path:
    ids, names = coding()
    matrix = csc_matrix(counts().T)
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        group["data"], group["indices"] = matrix.data.astype(np.int32), matrix.indices
        group["indptr"], group["shape"] = matrix.indptr, np.array(matrix.shape)
        group["barcodes"] = _texts([f"cell{row}" for row in range(CELLS)])
        features = group.create_group("features")
        features["id"], features["name"] = _texts(ids), _texts(names)
        features["feature_type"] = _texts(["Gene Expression"] * (GENES - 1) + ["Antibody Capture"])
    return path


def _ten_x_before_3(path: Path) -> Path:
    ids, names = coding()
    matrix = csc_matrix(counts().T)
    with h5py.File(path, "w") as file:
        group = file.create_group("GRCh38")
        group["data"], group["indices"] = matrix.data.astype(np.int32), matrix.indices
        group["indptr"], group["shape"] = matrix.indptr, np.array(matrix.shape)
        group["barcodes"] = _texts([f"cell{row}" for row in range(CELLS)])
        group["genes"], group["gene_names"] = _texts(ids), _texts(names)
    return path


def _loom(path: Path) -> Path:
    ids, names = coding()
    with h5py.File(path, "w") as file:
        file["matrix"] = counts().toarray().T
        file["row_attrs/Gene"], file["row_attrs/Accession"] = _texts(names), _texts(ids)
        file["col_attrs/CellID"] = _texts([f"cell{row}" for row in range(CELLS)])
        file["col_attrs/age"], file["col_attrs/pca"] = np.arange(CELLS), np.zeros((CELLS, 2))
        file.create_group("layers")
    return path


def _folder(path: Path) -> Path:
    ids, names = coding()
    path.mkdir()
    mmwrite(path / "matrix.mtx", csr_matrix(counts().T).astype(int), field="integer")
    rows = "".join(f"{one}\t{name}\tGene Expression\n" for one, name in zip(ids, names, strict=True))
    (path / "features.tsv.gz").write_bytes(gzip.compress(rows.encode()))
    (path / "barcodes.tsv").write_text("".join(f"cell{row}\n" for row in range(CELLS)))
    return path


def _zarr(path: Path, version: int = 3) -> Path:
    with warnings.catch_warnings(), anndata.settings.override(zarr_write_format=version):
        warnings.simplefilter("ignore")
        cells().write_zarr(path)
    return path


def _zipped(path: Path) -> Path:
    store = _zarr(path.with_name("inner.zarr"))
    with zipfile.ZipFile(path, "w") as archive:
        for one in sorted(store.rglob("*")):
            archive.write(one, f"inner.zarr/{one.relative_to(store)}")
    return path


def _csc(path: Path) -> Path:
    cells(csc_matrix(counts())).write_h5ad(path)
    return path


def _dense(path: Path) -> Path:
    cells(counts().toarray()).write_h5ad(path, compression="gzip")
    return path


def _half(path: Path) -> Path:
    cells(counts().toarray().astype(np.float16)).write_h5ad(path)
    return path


def _old(path: Path) -> Path:
    """A file as AnnData before 0.7 wrote it: rows of obs and var as items of one array."""
    ids, names = coding()
    matrix = counts()
    with h5py.File(path, "w") as file:
        group = file.create_group("X")
        group["data"], group["indices"], group["indptr"] = matrix.data, matrix.indices, matrix.indptr
        group.attrs["h5sparse_format"], group.attrs["h5sparse_shape"] = b"csr", matrix.shape
        obs = [(f"cell{row}".encode(), row % 2) for row in range(CELLS)]
        file["obs"] = np.array(obs, dtype=[("index", "S8"), ("cell_type", "i1")])
        rows = [(name.encode(), one.encode()) for one, name in zip(ids, names, strict=True)]
        file["var"] = np.array(rows, dtype=[("index", "S20"), ("gene_ids", "S20")])
        file["uns/cell_type_categories"] = _texts(["T", "B"])
    return path


CONTAINERS = {
    "cells.h5ad": lambda path: h5ad(path.parent, path.name),
    "csc.h5ad": _csc,
    "dense.h5ad": _dense,
    "half.h5ad": _half,
    "old.h5ad": _old,
    "cells.zarr": _zarr,
    "zarr2.zarr": lambda path: _zarr(path, 2),
    "cells.zarr.zip": _zipped,
    "cells.h5": _ten_x,
    "old_cells.h5": _ten_x_before_3,
    "cells.loom": _loom,
    "folder": _folder,
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_gives_the_same_cells(tmp_path: Path, name: str) -> None:
    path = CONTAINERS[name](tmp_path / name)
    read = CellSet.from_file(path)
    expected = counts()
    known = np.flatnonzero(read.genes != "")
    assert len(known) == (GENES - 1 if name == "cells.h5" else GENES)
    assert (read.matrix[:, known] != expected[:, known]).nnz == 0
    assert read.scale == "counts"
    assert list(read.genes[known]) == coding()[0][: len(known)]
    assert [one.name for one in read] == [f"cell{row}" for row in range(CELLS)]
    np.testing.assert_array_equal(read.totals, np.asarray(expected[:, known].sum(axis=1)).ravel())
    with CellSet.from_file(path, backed=True) as backed:
        assert (backed[3:7].matrix != read.matrix[3:7]).nnz == 0
        assert [one.obs for one in backed] == [one.obs for one in read]
    records = bm.read(path / "matrix.mtx" if name == "folder" else path)
    assert [len(one) for one in records] == [len(one) for one in read]


@pytest.mark.parametrize("make", [_folder, _zarr])
def test_a_folder_is_a_file_of_cells_by_what_lies_in_it(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    assert len(bm.read(make(tmp_path / "filtered_feature_bc_matrix"))) == CELLS
    (tmp_path / "empty").mkdir()
    with pytest.raises(ParseError, match="is a folder, not a file"):
        bm.read(tmp_path / "empty")


def test_annotations_of_a_cell_are_plain_values_and_missing_ones_are_left_out(tmp_path: Path) -> None:
    read = CellSet.from_file(h5ad(tmp_path))
    assert read[2].obs == {"cell_type": "T", "age": 2.0, "donor": "d2", "passed": True}
    assert "age" not in read[1].obs
    assert read[-1].name == f"cell{CELLS - 1}"


def test_counts_are_preferred_and_what_was_passed_over_is_said(tmp_path: Path) -> None:
    made = cells()
    made.raw = cells()
    logged = counts().astype(np.float64)
    sums = np.maximum(np.asarray(logged.sum(axis=1)).ravel(), 1)
    logged.data = np.log1p(logged.data * np.repeat(1e4 / sums, np.diff(logged.indptr)))
    made.layers["spliced"], made.X = counts(1), logged.astype(np.float32)
    path = h5ad(tmp_path, made=made)
    read = CellSet.from_file(path)
    assert read.notes[0].startswith("values are counts, from raw")
    assert any("X (log1p_cp10k), layers/spliced" in note for note in read.notes)
    assert CellSet.from_file(path, layer="X").scale == "log1p_cp10k"
    assert (CellSet.from_file(path, layer="spliced").matrix != counts(1)).nnz == 0
    np.testing.assert_allclose(read.log1p_cp10k().data, logged.data, rtol=1e-5)
    with pytest.raises(ParseError, match="there is no matrix 'ambiguous'; there are X, raw, layers/spliced"):
        CellSet.from_file(path, layer="ambiguous")
    with pytest.raises(UnsupportedError, match="logarithms"):
        CellSet.from_file(path, layer="X", values="counts")
    made.X = csr_matrix(np.random.default_rng(0).normal(size=(CELLS, GENES)).astype(np.float32))
    made.raw = None
    with pytest.raises(UnsupportedError, match="X cannot be cells"):
        CellSet.from_anndata(made)


def test_memory_and_file_agree_and_the_caller_keeps_its_own(tmp_path: Path) -> None:
    made = cells()
    before = made.X.copy()
    read = CellSet.from_anndata(made)
    assert read.adata is made
    assert (before != made.X).nnz == 0
    assert (read.matrix != CellSet.from_file(h5ad(tmp_path, made=made)).matrix).nnz == 0


def test_slices_are_sets() -> None:
    read = CellSet.from_anndata(cells())
    assert [one.name for one in read[2:5]] == ["cell2", "cell3", "cell4"]
    assert [one.name for one in read[[5, 1]]] == ["cell5", "cell1"]
    chosen = read[(read.adata.obs["cell_type"] == "B").to_numpy()]
    assert len(chosen) == CELLS // 2
    np.testing.assert_array_equal(chosen.totals, np.asarray(chosen.matrix.sum(axis=1)).ravel())
    with pytest.raises(IndexError):
        read.cell(CELLS)


@pytest.mark.parametrize("name", ["out.h5ad", "out.zarr"])
def test_a_written_set_is_read_back_and_opened_by_anndata(tmp_path: Path, name: str) -> None:
    made = cells()
    made.obsm["X_pca"] = np.random.default_rng(0).normal(size=(CELLS, 3))
    made.layers["counts"] = counts()
    read = CellSet.from_anndata(made)
    read.to_file(tmp_path / name)
    back = CellSet.from_file(tmp_path / name)
    assert (back.matrix != read.matrix).nnz == 0
    np.testing.assert_array_equal(back.adata.obsm["X_pca"], made.obsm["X_pca"])
    assert back.adata.uns["biomatrix"]["values"] == "counts"
    opened = anndata.io.read_h5ad(tmp_path / name) if name.endswith("h5ad") else anndata.io.read_zarr(tmp_path / name)
    assert list(opened.var["ensembl_id"]) == coding()[0]
    assert [one.obs for one in back] == [one.obs for one in read]


def test_what_no_file_holds_is_named(tmp_path: Path) -> None:
    made = cells()
    made.obs["when"] = np.datetime64("2020-01-01", "ns")
    with pytest.raises(ConfigurationError, match=r"out\.h5ad: a part of the cells .*'when'.* make it text"):
        CellSet.from_anndata(made).to_file(tmp_path / "out.h5ad")
    assert not (tmp_path / "out.h5ad").exists()


def test_single_cells_go_into_a_file_and_come_back(tmp_path: Path) -> None:
    read = CellSet.from_anndata(cells())
    one = read[0]
    one.to_file(tmp_path / "one.h5ad")
    back = bm.read(tmp_path / "one.h5ad")[0]
    assert dict(zip(back.genes, back.values, strict=True)) == dict(zip(one.genes, one.values, strict=True))
    assert back.total_counts == one.total_counts
    with pytest.raises(ConfigurationError, match=r"written as \.h5ad or \.zarr"):
        read.to_file(tmp_path / "cells.csv")


def test_a_cell_survives_its_record() -> None:
    from biomatrix.entities import kind_of

    for one in CellSet.from_anndata(cells()):
        kind = kind_of(one)
        back = kind.from_bytes(kind.to_bytes(one), one.name)
        assert kind.identity(back) == kind.identity(one)
        assert (back.genes.tolist(), back.obs, back.total) == (one.genes.tolist(), one.obs, one.total)


def test_a_cell_that_is_no_count_is_a_reject_and_the_others_are_read(tmp_path: Path) -> None:
    many = counts(cells=6000)
    made = cells(many)
    path = h5ad(tmp_path, made=made)
    with h5py.File(path, "r+") as file:
        file["X/data"][int(many.indptr[300])] = 0.5
    records = bm.read(path)
    assert len(records) == 5999
    assert records.rejects[0].record == 301
    assert "row 300 holds 0.5, which is no count" in records.rejects[0].reason
    with CellSet.from_file(path, backed=True) as backed:
        assert any("decided on 4,096 of 6,000 cells" in note for note in backed.notes)


def test_one_cell_is_chosen_by_number_or_name(tmp_path: Path) -> None:
    from biomatrix.entities.records import read_entity

    path = h5ad(tmp_path)
    assert read_entity(path, 3).name == read_entity(path, "cell2").name == "cell2"
    with pytest.raises(BioMatrixError, match="no record"):
        read_entity(path, "absent")


def test_a_zarr_store_with_a_pickle_or_a_link_is_refused(tmp_path: Path) -> None:
    store = _zarr(tmp_path / "cells.zarr", 2)
    description = store / "obs" / "donor" / "categories" / ".zarray"
    text = description.read_text()
    description.write_text(text.replace("vlen-utf8", "pickle"))
    with pytest.raises(ParseError, match=r"obs/donor/categories/\.zarray is packed as a pickle"):
        CellSet.from_file(store)
    description.write_text(text)
    (store / "outside").symlink_to(tmp_path)
    with pytest.raises(ParseError, match="outside is a link"):
        CellSet.from_file(store)


def test_a_cut_matrix_of_cell_ranger_is_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "folder")
    lines = (folder / "matrix.mtx").read_text().splitlines()
    (folder / "matrix.mtx").write_text("\n".join(lines[:-5]) + "\n")
    with pytest.raises(ParseError, match="the file was cut"):
        CellSet.from_file(folder)
    (folder / "matrix.mtx").write_text("\n".join([*lines[:-1], "9999 1 1"]) + "\n")
    with pytest.raises(ParseError, match="outside 40 by 12"):
        CellSet.from_file(folder)
    (folder / "barcodes.tsv").unlink()
    with pytest.raises(ParseError, match=r"holds none of barcodes\.tsv"):
        CellSet.from_file(folder)
