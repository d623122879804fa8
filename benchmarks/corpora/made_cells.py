"""Made-up cells in one h5ad file, written piece by piece, and the recipe of a corpus of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np

from biomatrix.entities.cell.genes.table import gene_table

GENES: Final = 2000
DETECTED: Final = 200
"""Genes of a cell that have a count."""
TYPES: Final = 8
_WRITTEN_TOGETHER: Final = 10_000
_CHUNK: Final = 1 << 18


def write_cells(folder: Path, count: int, seed: int = 0) -> None:
    """Write ``count`` cells as ``cells.h5ad``, with one batch of them in memory at a time.

    Each has 200 counts among 2,000 protein-coding genes, the likely ones those of its type.
    """
    random = np.random.default_rng(seed)
    table = gene_table()
    genes = table.ensembl_id[table.biotype == "protein_coding"][:GENES]
    likely = random.permuted(np.tile((np.arange(1, GENES + 1) ** -0.7).astype(np.float32), (TYPES, 1)), axis=1)
    with h5py.File(folder / "cells.h5ad", "w") as file:
        _marked(file, "anndata", "0.1.0")
        values, columns, pointers = _matrix(file, count)
        obs = _table(file, "obs", ("cell_type", "n_counts"))
        _texts(file, "var/_index", genes)
        _table(file, "var", ())
        names = _growing(obs, "_index", h5py.string_dtype())
        codes = _growing(_marked(obs.create_group("cell_type"), "categorical", "0.2.0"), "codes", "i1")
        obs["cell_type"].attrs["ordered"] = False
        _texts(obs, "cell_type/categories", np.array([f"type {one}" for one in range(TYPES)], dtype=object))
        totals = _growing(obs, "n_counts", "f8")
        for one in (codes, totals):
            _marked(one, "array", "0.2.0")
        _marked(names, "string-array", "0.2.0")
        for first in range(0, count, _WRITTEN_TOGETHER):
            number = min(_WRITTEN_TOGETHER, count - first)
            types = random.integers(0, TYPES, number)
            found = _detected(random, likely[types])
            counts = 1 + random.geometric(0.4, found.shape).astype(np.float32)
            _append(values, counts.ravel())
            _append(columns, found.ravel().astype(np.int32))
            _append(pointers, (np.arange(1, number + 1, dtype=np.int64) + first) * DETECTED)
            _append(names, np.array([f"cell{first + row}" for row in range(number)], dtype=object))
            _append(codes, types.astype(np.int8))
            _append(totals, counts.sum(axis=1).astype(np.float64))


def _detected(random: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """Return distinct genes of each cell in order, ``int64 [cells, DETECTED]``, drawn by their weights (Gumbel)."""
    keys = random.exponential(size=weights.shape).astype(np.float32) / weights
    return np.sort(np.argpartition(keys, DETECTED, axis=1)[:, :DETECTED], axis=1)


def _matrix(file: Any, count: int) -> tuple[Any, Any, Any]:
    group = _marked(file.create_group("X"), "csr_matrix", "0.1.0")
    group.attrs["shape"] = (count, GENES)
    values, columns = _growing(group, "data", "f4"), _growing(group, "indices", "i4")
    pointers = _growing(group, "indptr", "i8")
    _append(pointers, np.zeros(1, dtype=np.int64))
    return values, columns, pointers


def _table(file: Any, name: str, columns: tuple[str, ...]) -> Any:
    group = _marked(file.require_group(name), "dataframe", "0.2.0")
    group.attrs["_index"] = "_index"
    group.attrs["column-order"] = np.array(columns, dtype=h5py.string_dtype())
    return group


def _marked(part: Any, encoding: str, version: str) -> Any:
    part.attrs["encoding-type"], part.attrs["encoding-version"] = encoding, version
    return part


def _texts(file: Any, name: str, words: np.ndarray) -> None:
    _marked(file.create_dataset(name, data=words, dtype=h5py.string_dtype()), "string-array", "0.2.0")


def _growing(group: Any, name: str, kind: Any) -> Any:
    return group.create_dataset(name, shape=(0,), maxshape=(None,), dtype=kind, chunks=(_CHUNK,))


def _append(part: Any, values: np.ndarray) -> None:
    at = part.shape[0]
    part.resize((at + len(values),))
    part[at:] = values


def recipe(slice_rows: int = 5000) -> dict[str, Any]:
    """Return the recipe of a corpus of the file's cells, each written once by its expression."""
    source = {"name": "cells", "reader": "h5ad", "files": ["cells.h5ad"], "kind": "cell"}
    return {
        "name": "cells",
        "slice_rows": slice_rows,
        "max_tokens": 1024,
        "sources": [{**source, "licence": ["CC0-1.0"], "origin": "made up"}],
        "views": {"cell_expression": 1.0},
        "modalities": ["cell_expression"],
        "vocabulary": {"text_entries": 300, "text_characters": 100_000, "smiles_characters": 1000},
    }
