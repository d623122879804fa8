"""Matrices in HDF5 that are not AnnData's: those of 10x Genomics' Cell Ranger, and loom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from biomatrix.entities.cell.files.contents import Contents, Place
from biomatrix.entities.cell.files.damage import REWRITE
from biomatrix.entities.cell.files.matrix_rows import CompressedRows, DenseRows
from biomatrix.entities.cell.files.table_rows import Reader, StoredRows, array_reader
from biomatrix.errors import ParseError

_TEN_X: Final = frozenset({"barcodes", "data", "indices", "indptr", "shape"})
_CELL_NAMES: Final = ("CellID", "obs_names", "barcode", "barcodes", "cell_id")
_GENE_NAMES: Final = ("Gene", "var_names", "gene", "gene_name", "Accession", "gene_id")


def is_loom(root: Mapping[str, Any]) -> bool:
    """Return whether a file is laid out as loom lays out its files."""
    return {"matrix", "row_attrs", "col_attrs"} <= set(root)


def ten_x_genomes(root: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the groups of a file that are matrices of Cell Ranger: ``matrix``, or before 3.0 one a genome."""
    return tuple(name for name in root if hasattr(root[name], "keys") and set(root[name]) >= _TEN_X)


def ten_x_contents(root: Any, stored_bytes: int) -> Contents:
    """Return what a file of Cell Ranger holds; ParseError where its parts do not fit each other."""
    genomes = ten_x_genomes(root)
    if len(genomes) > 1:
        raise ParseError(f"holds matrices of several genomes, {', '.join(genomes)}; write one of them as a file")
    group = root[genomes[0]]
    features, cells = (int(one) for one in group["shape"][:2])
    # Features by cells, column after column: the same numbers as cells by features, row after row.
    matrix = CompressedRows("matrix", (cells, features), group)
    barcodes, count = array_reader(group["barcodes"], "barcodes", stored_bytes)
    found = group.get("features", group)
    words = {"id": "gene_ids", "genes": "gene_ids", "name": "name", "gene_names": "name",
             "feature_type": "feature_types", "genome": "genome"}  # fmt: skip
    columns: dict[str, Reader] = {}
    for stored, name in words.items():
        if stored in found and not hasattr(found[stored], "keys"):
            columns[name], length = array_reader(found[stored], f"features/{stored}", stored_bytes)
            if length != features:
                raise ParseError(f"features/{stored} has {length:,} values for {features:,} features; {REWRITE}")
    names = columns.pop("name", columns.get("gene_ids"))
    if names is None:
        raise ParseError(f"names no features; {REWRITE}")
    var = StoredRows("features", features, columns, names)
    return Contents("10x Genomics", StoredRows("barcodes", count, {}, barcodes), (Place("X", matrix, var),))


def loom_contents(root: Any, stored_bytes: int) -> Contents:
    """Return what a loom file holds; ParseError where its parts do not fit each other."""
    genes, cells = _loom_shape(root["matrix"], "matrix")
    obs, some = _loom_table("col_attrs", root["col_attrs"], cells, _CELL_NAMES, stored_bytes)
    var, others = _loom_table("row_attrs", root["row_attrs"], genes, _GENE_NAMES, stored_bytes)
    places = [Place("X", DenseRows("matrix", root["matrix"], transposed=True), var)]
    layers = root["layers"] if "layers" in root and hasattr(root["layers"], "keys") else {}
    for name in layers:
        if _loom_shape(layers[name], f"layers/{name}") == (genes, cells):
            places.append(Place(f"layers/{name}", DenseRows(f"layers/{name}", layers[name], transposed=True), var))
    left = [*some, *others]
    notes = (f"left out of the loom file, as they are not one value a cell or gene: {', '.join(left)}",) if left else ()
    return Contents("loom", obs, tuple(places), notes=notes)


def _loom_shape(part: Any, name: str) -> tuple[int, int]:
    shape = getattr(part, "shape", None)
    if shape is None or len(shape) != 2:
        raise ParseError(f"{name} is no array of genes and cells; {REWRITE}")
    return int(shape[0]), int(shape[1])


def _loom_table(
    name: str, group: Any, length: int, index: tuple[str, ...], stored_bytes: int
) -> tuple[StoredRows, list[str]]:
    """Return a table of loom and the attributes that do not fit into one."""
    readers: dict[str, Reader] = {}
    left = []
    for one in group:
        shape = getattr(group[one], "shape", None)
        if shape is None or len(shape) != 1:
            left.append(f"{name}/{one}")
            continue
        readers[one], found = array_reader(group[one], f"{name}/{one}", stored_bytes)
        if found != length:
            raise ParseError(f"{name}/{one} has {found:,} values for {length:,}; {REWRITE}")
    named = next((one for one in index if one in readers), None)
    if named is None:
        return StoredRows(name, length, readers, _numbers), left
    names = readers.pop(named)
    return StoredRows(name, length, readers, names), left


def _numbers(first: int, last: int) -> Any:
    return np.arange(first + 1, last + 1).astype(str)
