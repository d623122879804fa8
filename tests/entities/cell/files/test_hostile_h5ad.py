"""Files that are wrong on purpose or by accident: each is refused by name, before its values are used."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from biomatrix.entities.cell.cell_set import CellSet
from biomatrix.errors import BioMatrixError, LimitError, ParseError

from .made_files import CELLS, GENES, cells, counts, h5ad, replaced

Change = Callable[[h5py.File], None]


def _external_link(file: h5py.File) -> None:
    del file["obs/donor"]
    file["obs/donor"] = h5py.ExternalLink("/etc/secret.h5", "/secret")


def _soft_link(file: h5py.File) -> None:
    del file["obsm"]
    file["obsm"] = h5py.SoftLink("/nowhere")


def _link_in_uns(file: h5py.File) -> None:
    file["uns/deep/er"] = h5py.ExternalLink("other.h5ad", "/X")


def _values_elsewhere(file: h5py.File) -> None:
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_external(b"/etc/passwd", 0, 64)
    space = h5py.h5s.create_simple((16,))
    h5py.h5d.create(file["uns"].id, b"elsewhere", h5py.h5t.NATIVE_INT32, space, settings)


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="i4")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape=(4,))
    file["uns"].create_virtual_dataset("virtual", layout)


def _column_past_the_end(file: h5py.File) -> None:
    file["X/indices"][3] = 99


def _column_below_zero(file: h5py.File) -> None:
    file["X/indices"][3] = -1


def _twice(file: h5py.File) -> None:
    file["X/indices"][1] = file["X/indices"][0]


def _pointers_fall(file: h5py.File) -> None:
    file["X/indptr"][2] = 0


def _pointers_past_the_end(file: h5py.File) -> None:
    file["X/indptr"][-1] = 10**6


def _pointers_short(file: h5py.File) -> None:
    replaced(file, "X/indptr", file["X/indptr"][:-1])


def _fewer_columns_than_values(file: h5py.File) -> None:
    replaced(file, "X/indices", file["X/indices"][:-1])


def _value(number: float) -> Change:
    def change(file: h5py.File) -> None:
        file["X/data"][5] = number

    return change


def _complex(file: h5py.File) -> None:
    replaced(file, "X/data", file["X/data"][:].astype(np.complex64))


def _huge(file: h5py.File) -> None:
    del file["X"]
    made = file.create_dataset("X", shape=(CELLS, 15 << 30), dtype="u1", chunks=(1, 1 << 20), compression="gzip")
    made.attrs["encoding-type"], made.attrs["encoding-version"] = "array", "0.2.0"


def _huge_chunk(file: h5py.File) -> None:
    file["uns"].create_dataset("chunk", shape=(1,), maxshape=(None,), dtype="f8", chunks=(1 << 28,))


def _short_column(file: h5py.File) -> None:
    replaced(file, "obs/age", np.arange(CELLS - 1.0))


def _short_categories(file: h5py.File) -> None:
    file["obs/cell_type/codes"][0] = 7


def _objects(file: h5py.File) -> None:
    del file["obs/age"]
    file["obs"].create_dataset("age", (CELLS,), dtype=h5py.vlen_dtype(np.int32))


def _two_dimensions(file: h5py.File) -> None:
    replaced(file, "obs/age", np.zeros((CELLS, 2)))


def _no_column(file: h5py.File) -> None:
    del file["obs/age"]


def _no_index(file: h5py.File) -> None:
    file["var"].attrs["_index"] = "elsewhere"


def _shape(file: h5py.File) -> None:
    file["X"].attrs["shape"] = (CELLS, GENES + 1)


def _transposed_shape(file: h5py.File) -> None:
    file["X"].attrs["shape"] = (GENES, CELLS)


def _encoding(file: h5py.File) -> None:
    file["X"].attrs["encoding-type"] = "awkward-array"


def _sparse_in_obsp(file: h5py.File) -> None:
    group = file["obsp"].create_group("distances")
    group.attrs["encoding-type"], group.attrs["encoding-version"] = "csr_matrix", "0.1.0"
    group.attrs["shape"] = (CELLS, CELLS)
    group["data"], group["indices"] = np.ones(2), np.array([0, 500])
    group["indptr"] = np.array([0, 2] + [2] * (CELLS - 1))


def _ring(file: h5py.File) -> None:
    file["uns/again"] = file["uns"]


def _doors(file: h5py.File) -> None:
    """Groups of which each leads to the next by two names: thirty steps are a thousand million ways."""
    group = file["uns"]
    for _ in range(30):
        inner = group.create_group("a")
        group["b"] = inner
        group = inner


def _packed_beyond(file: h5py.File) -> None:
    made = file["uns"].create_dataset("packed", (16,), "u1", chunks=(16,), compression="gzip")
    made.id.write_direct_chunk((0,), zlib.compress(bytes(64 << 20)))


REFUSED: dict[str, tuple[Change, str]] = {
    "external link": (_external_link, "obs/donor is an external link, which leads out of the file"),
    "soft link": (_soft_link, "obsm is a soft link"),
    "external link in uns": (_link_in_uns, "uns/deep/er is an external link"),
    "values in another file": (_values_elsewhere, "uns/elsewhere lie in another file"),
    "virtual array": (_virtual, "uns/virtual lie in another file"),
    "column past the end": (_column_past_the_end, r"row 0 holds a value of column 99, and there are 40"),
    "column below zero": (_column_below_zero, "row 0 holds a value of column -1"),
    "column twice": (_twice, "row 0 holds column . twice"),
    "pointers fall": (_pointers_fall, "indptr falls at row 1"),
    "pointers past the end": (_pointers_past_the_end, "outside the .* values"),
    "pointers short": (_pointers_short, "12 entries for 12 rows"),
    "columns short": (_fewer_columns_than_values, "values and .* columns of them"),
    "not a number": (_value(np.nan), "row 0 holds nan"),
    "infinity": (_value(np.inf), "row 0 holds inf"),
    "negative": (_value(-2.0), "1 of [0-9,]+ values are negative, down to -2;"),
    "complex": (_complex, "complex64, not numbers"),
    "huge": (_huge, "declares .* bytes in a file of"),
    "huge chunk": (_huge_chunk, "uns/chunk declares 2,147,483,648 bytes"),
    "short column": (_short_column, "'age' of obs has 11 values for 12 rows"),
    "category that is not": (_short_categories, "obs/cell_type holds the number of a category"),
    "objects": (_objects, "obs/age holds values of HDF5 class"),
    "two dimensions": (_two_dimensions, r"obs/age has the shape \(12, 2\)"),
    "column that is not there": (_no_column, "lists a column 'age' and does not hold it"),
    "index that is not there": (_no_index, "var has no column 'elsewhere'"),
    "shape": (_shape, "X is 12 by 41, and there are 12 cells and 40 genes"),
    "transposed shape": (_transposed_shape, "it is transposed"),
    "encoding": (_encoding, "X is encoded as 'awkward-array'"),
    "ring": (_ring, "uns/again is a group that has another name"),
    "doors": (_doors, "is a group that has another name"),
    "chunk that unpacks to too much": (_packed_beyond, "a chunk of /uns/packed has .* bytes, packed, for 16 unpacked"),
    "matrix in obsp": (_sparse_in_obsp, "obsp/distances: row 0 holds a value of column 500"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_file_is_refused_with_file_place_and_remedy(tmp_path: Path, name: str) -> None:
    change, words = REFUSED[name]
    path = h5ad(tmp_path)
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(BioMatrixError, match=words) as found:
        CellSet.from_file(path)
    assert found.value.file == str(path)
    assert ";" in found.value.message  # what was wrong; what to do
    assert "\n" not in str(found.value)


def test_what_is_refused_is_read_without_the_change(tmp_path: Path) -> None:
    assert len(CellSet.from_file(h5ad(tmp_path))) == CELLS


def test_a_small_file_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.h5ad"
    with h5py.File(path, "w") as file:
        file.create_dataset("X", shape=(1 << 17, 1 << 15), dtype="f4", chunks=(1024, 1024))
        file.create_group("obs")
        file.create_group("var")
    assert path.stat().st_size < 4000
    with pytest.raises(LimitError, match="17,179,869,184 bytes"):
        CellSet.from_file(path)


def test_a_damaged_heap_of_texts_is_refused_and_not_walked_for_ever(tmp_path: Path) -> None:
    path = h5ad(tmp_path)
    content = bytearray(path.read_bytes())
    at = content.index(b"GCOL")
    content[at + 32 : at + 64] = bytes(32)
    path.write_bytes(content)
    with pytest.raises(ParseError, match="texts at byte"):
        CellSet.from_file(path)


def test_a_file_that_is_no_hdf5_is_named(tmp_path: Path) -> None:
    for content, words in (
        (b"", "is empty"),
        (b"\x80\x04\x95", "is a pickle"),
        (b"\x1f\x8b\x08", "unpack it first"),
        (b"a,b", "neither"),
    ):
        path = tmp_path / "cells.h5ad"
        path.write_bytes(content)
        with pytest.raises(ParseError, match=words):
            CellSet.from_file(path)
    for name, words in (
        ("cells.h5mu", "several modalities .* mdata"),
        ("cells.rds", "R's own format; write .h5ad in R"),
    ):
        (tmp_path / name).write_bytes(h5ad(tmp_path).read_bytes())
        with pytest.raises(ParseError, match=words):
            CellSet.from_file(tmp_path / name)
    with pytest.raises(ParseError, match="No such file"):
        CellSet.from_file(tmp_path / "absent.h5ad")


def test_columns_out_of_order_are_put_in_order_and_said(tmp_path: Path) -> None:
    path = h5ad(tmp_path)
    whole = CellSet.from_file(path)
    with h5py.File(path, "r+") as file:
        last = int(file["X/indptr"][1])
        for part in ("indices", "data"):
            file[f"X/{part}"][:last] = file[f"X/{part}"][:last][::-1].copy()
    read = CellSet.from_file(path)
    assert (read.matrix != whole.matrix).nnz == 0
    assert any("1 rows were put in order" in note for note in read.notes)


def test_names_that_repeat_are_kept_and_said(tmp_path: Path) -> None:
    made = cells()
    made.obs_names = ["same"] * 2 + list(made.obs_names[2:])
    names = list(made.var_names)
    made.var_names = [names[0], names[0], *names[2:]]
    del made.var["gene_ids"]
    read = CellSet.from_file(h5ad(tmp_path, made=made))
    assert [one.name for one in read][:2] == ["same", "same"]
    assert len(read) == CELLS
    notes = " ".join(read.notes)
    assert "names of cells occur more than once (same)" in notes
    assert "1 names of genes occur more than once" in notes
    read.to_file(tmp_path / "out.h5ad")
    assert CellSet.from_file(tmp_path / "out.h5ad").adata.obs_names.is_unique


def test_empty_cells_are_kept_and_counted(tmp_path: Path) -> None:
    read = CellSet.from_file(h5ad(tmp_path))
    assert len(read.cell(CELLS - 1)) == 0
    assert any("1 of 12 cells are empty" in note for note in read.notes)


def test_a_matrix_on_its_side_is_told(tmp_path: Path) -> None:
    made = cells(counts(cells=GENES, genes=GENES)).T.copy()
    made.var_names = [f"AAAC{row}-1" for row in range(GENES)]
    made.var = made.var[[]]
    with pytest.raises(ParseError, match="the matrix is transposed"):
        CellSet.from_file(h5ad(tmp_path, made=made))


def test_objects_in_obs_of_memory_are_refused() -> None:
    made = cells()
    made.obs["lists"] = [[row] for row in range(CELLS)]
    with pytest.raises(ParseError, match="'lists' of obs holds objects, such as a list"):
        CellSet.from_anndata(made)


def test_one_long_text_that_is_named_many_times_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = h5ad(tmp_path)
    with h5py.File(path, "r+") as file:
        made = file["uns"].create_dataset("texts", (4000,), h5py.string_dtype())
        made[0] = "x" * (1 << 20)
        place = made.id.get_offset()
    content = bytearray(path.read_bytes())
    content[place : place + 4000 * 16] = content[place : place + 16] * 4000
    path.write_bytes(content)
    with pytest.raises(LimitError, match="uns/texts holds more than"):
        CellSet.from_file(path)


def test_missing_values_of_nullable_columns_are_left_out(tmp_path: Path) -> None:
    made = cells()
    made.obs["passes"] = pd.array([None, *range(1, CELLS)], dtype="Int64")
    read = CellSet.from_file(h5ad(tmp_path, made=made))
    assert "passes" not in read[0].obs
    assert read[1].obs["passes"] == 1
