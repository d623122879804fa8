"""Folders of Cell Ranger: a matrix in Matrix Market text, with the names of its rows and columns beside it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.cell.files.contents import Contents, Place
from biomatrix.entities.cell.files.matrix_rows import MemoryRows
from biomatrix.entities.cell.files.table_rows import FrameRows
from biomatrix.entities.files.text import byte_lines, read_lines
from biomatrix.entities.limits import Limits
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_MATRIX: Final = ("matrix.mtx", "matrix.mtx.gz")
_FEATURES: Final = ("features.tsv", "features.tsv.gz", "genes.tsv", "genes.tsv.gz")
_BARCODES: Final = ("barcodes.tsv", "barcodes.tsv.gz")
_LINES: Final = 100_000
_COLUMNS: Final = ("gene_ids", "name", "feature_types")
_MOST_VALUES: Final = 2_000_000_000


def is_matrix_folder(path: Path) -> bool:
    """Return whether a folder holds a matrix of Cell Ranger."""
    return any((path / name).is_file() for name in _MATRIX)


def matrix_market_contents(path: Path, limits: Limits) -> Contents:
    """Return what a folder of Cell Ranger holds; it is read whole.

    Parameters
    ----------
    path : Path
        The folder, or the matrix in it.
    limits : Limits

    Raises
    ------
    ParseError
        A file is missing, or does not fit the others.
    """
    import pandas as pd

    folder = path if path.is_dir() else path.parent
    matrix_file = _beside(folder, _MATRIX) if path.is_dir() else path
    barcodes = [line.split("\t")[0] for line in read_lines(_beside(folder, _BARCODES), limits) if line]
    rows = [line.split("\t") for line in read_lines(_beside(folder, _FEATURES), limits) if line]
    matrix = _matrix(matrix_file, (len(rows), len(barcodes)), limits)
    width = min(len(_COLUMNS), min(map(len, rows), default=0))
    table = pd.DataFrame({_COLUMNS[at]: [row[at] for row in rows] for at in range(width)}, dtype=object)
    table.index = pd.Index(table.pop("name") if "name" in table else [row[0] for row in rows], dtype=object, name=None)
    obs = pd.DataFrame(index=pd.Index(barcodes, dtype=object))
    place = Place("X", MemoryRows("matrix", matrix), FrameRows("features", table))
    return Contents("10x Genomics folder", FrameRows("barcodes", obs), (place,))


def _beside(folder: Path, names: tuple[str, ...]) -> Path:
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is None:
        raise ParseError(
            f"holds none of {', '.join(names)}, of which a folder of Cell Ranger has one", file=str(folder)
        )
    return found


def _matrix(path: Path, expected: tuple[int, int], limits: Limits) -> csr_matrix:
    """Return cells by features; the file has features by cells, numbered from 1."""
    from scipy.sparse import coo_matrix

    lines = iter(byte_lines(path, limits))
    features, cells, count = _header(path, lines)
    if (features, cells) != expected:
        raise ParseError(
            f"is {features:,} by {cells:,}, and there are {expected[0]:,} features and {expected[1]:,} barcodes; "
            "take all three files of one run",
            file=str(path),
        )
    parts: list[Any] = []
    read = 0
    while batch := list(islice(lines, _LINES)):
        kept = [line for line in batch if line]
        read += len(kept)
        if read > count:
            break
        parts.append(_numbers(path, kept, read))
    if read != count:
        raise ParseError(f"says that it holds {count:,} values and has {'more' if read > count else f'{read:,}'}; "
                         "the file was cut, fetch it again", file=str(path))  # fmt: skip
    found = np.concatenate(parts) if parts else np.empty((0, 3))
    row, column = found[:, 0].astype(np.int64) - 1, found[:, 1].astype(np.int64) - 1
    wrong = np.flatnonzero((row < 0) | (row >= features) | (column < 0) | (column >= cells))
    if len(wrong):
        raise ParseError(
            f"value {wrong[0] + 1} is of feature {row[wrong[0]] + 1} and barcode {column[wrong[0]] + 1}, outside "
            f"{features:,} by {cells:,}; fetch the file again",
            file=str(path),
            position=int(wrong[0]) + 1,
        )
    order = np.lexsort((row, column))
    twice = np.flatnonzero((np.diff(row[order]) == 0) & (np.diff(column[order]) == 0))
    if len(twice):
        raise ParseError(
            f"holds the value of feature {row[order[twice[0]]] + 1} and barcode {column[order[twice[0]]] + 1} twice; "
            "fetch the file again",
            file=str(path),
        )
    return coo_matrix((found[:, 2], (column, row)), shape=(cells, features)).tocsr()


def _header(path: Path, lines: Any) -> tuple[int, int, int]:
    first = next(lines, None) or b""
    words = first.lower().split()
    if words[:3] != [b"%%matrixmarket", b"matrix", b"coordinate"] or words[3:4] not in ([b"integer"], [b"real"]):
        raise ParseError("is no Matrix Market file of integer or real coordinates; give Cell Ranger's matrix.mtx",
                         file=str(path))  # fmt: skip
    for line in lines:
        if line and not line.startswith(b"%"):
            try:
                features, cells, count = (int(word) for word in line.split())
            except ValueError:
                break
            if min(features, cells, count) < 0 or count > min(features * cells, _MOST_VALUES):
                break
            return features, cells, count
    raise ParseError("does not say how many rows, columns and values it has; fetch the file again", file=str(path))


def _numbers(path: Path, lines: list[bytes], read: int) -> Any:
    try:
        numbers = np.array(b" ".join(lines).split(), dtype=np.float64)
    except ValueError as error:
        raise ParseError(f"holds what is no number, before line {read}: {error}", file=str(path)) from error
    if len(numbers) != 3 * len(lines):
        raise ParseError(f"has lines without three numbers, before line {read}; fetch it again", file=str(path))
    return numbers.reshape(-1, 3)
