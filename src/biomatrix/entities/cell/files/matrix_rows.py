"""The matrix of a file, read by ranges of rows and checked as it is read: a row is a cell, a column a gene."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.files.damage import REWRITE
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_DENSE_BYTES: Final = 32 << 20
"""Bytes of a dense matrix that are read at once."""


class MatrixRows(ABC):
    """A matrix of which rows can be read.

    Parameters
    ----------
    name : str
        Where it lies in the file, such as ``X``.
    shape : tuple of int
        Cells, genes.

    Attributes
    ----------
    dtype : type
        What values are read as: ``float32``, or ``float64`` where set before the first rows are read.
    """

    def __init__(self, name: str, shape: tuple[int, int]) -> None:
        self.name = name
        self.shape = shape
        self.dtype: type[np.floating[Any]] = np.float32
        self._fallen = np.zeros(shape[0], dtype=bool)

    @property
    def unsorted(self) -> int:
        """How many of the rows read so far had columns that were not in order; they are read in order."""
        return int(self._fallen.sum())

    @abstractmethod
    def read(self, first: int, last: int) -> csr_matrix:
        """Return the rows from ``first`` up to ``last``, columns in order, without stored zeros.

        Raises
        ------
        ParseError
            The rows are no rows of such a matrix; ``position`` is the row.
        """

    def made(self, data: Any, indices: Any, indptr: NDArray[np.int64], first: int) -> csr_matrix:
        """Return rows from the parts of a compressed matrix, every one of which is checked."""
        from scipy.sparse import csr_matrix

        values = as_values(data, self.name, self.dtype)
        columns = as_columns(indices, self.shape[1], self.name, indptr, first)
        matrix = csr_matrix((values, columns, indptr), shape=(len(indptr) - 1, self.shape[1]))
        self._order(matrix, first)
        _check_values(matrix, self.name, first)
        matrix.eliminate_zeros()
        return matrix

    def _order(self, matrix: csr_matrix, first: int) -> None:
        """Put the columns of each row in order; a column that a row holds twice is refused."""
        steps = np.diff(matrix.indices.astype(np.int64))
        within = np.ones(len(steps), dtype=bool)
        starts = matrix.indptr[1:-1]
        within[starts[(starts > 0) & (starts <= len(steps))] - 1] = False
        fallen = np.flatnonzero(within & (steps < 0))
        if len(fallen):
            self._fallen[first + np.searchsorted(matrix.indptr, fallen, side="right") - 1] = True
            matrix.sort_indices()
            steps = np.diff(matrix.indices.astype(np.int64))
        twice = np.flatnonzero(within & (steps == 0))
        if len(twice):
            row = first + int(np.searchsorted(matrix.indptr, twice[0], side="right")) - 1
            raise ParseError(
                f"{self.name}: row {row} holds column {matrix.indices[twice[0]]} twice, and nothing says which value "
                f"counts; run {self.name}.sum_duplicates() if they add up, and write the file again",
                position=row,
            )


class MemoryRows(MatrixRows):
    """A matrix that is in memory, checked when it is first read."""

    def __init__(self, name: str, matrix: Any) -> None:
        shape: tuple[int, ...] = getattr(matrix, "shape", ())
        if len(shape) != 2:
            raise ParseError(f"{name} has {len(shape)} dimensions, not cells and genes")
        super().__init__(name, (int(shape[0]), int(shape[1])))
        self._given = matrix
        self._made: csr_matrix | None = None

    def read(self, first: int, last: int) -> csr_matrix:
        if self._made is None:
            self._made, self._given = self._checked(self._given), None
        return self._made if (first, last) == (0, self.shape[0]) else self._made[first:last]

    def _checked(self, matrix: Any) -> csr_matrix:
        from scipy.sparse import csr_matrix, issparse

        if issparse(matrix) and matrix.format == "csr":
            pointers = as_pointers(matrix.indptr, len(matrix.data), 0, self.shape[1], self.name)
            # Copies: what is made here is put in order in place, and the caller's matrix stays as it is.
            return self.made(matrix.data.copy(), matrix.indices.copy(), pointers, 0)
        found = csr_matrix(matrix if issparse(matrix) else _plain_array(np.asarray(matrix), self.name))
        return self.made(found.data, found.indices, found.indptr.astype(np.int64), 0)


class CompressedRows(MatrixRows):
    """A matrix stored row after row (CSR), each row read from its place.

    Parameters
    ----------
    name : str
    shape : tuple of int
    parts : mapping
        Holds ``data``, ``indices`` and ``indptr``.
    """

    def __init__(self, name: str, shape: tuple[int, int], parts: Mapping[str, Any]) -> None:
        super().__init__(name, shape)
        self._data, self._indices, self._indptr = (vector(parts, part, name) for part in ("data", "indices", "indptr"))
        if self._indptr.shape[0] != shape[0] + 1:
            raise ParseError(
                f"{name}/indptr has {self._indptr.shape[0]:,} entries for {shape[0]:,} rows, which need one more than "
                f"rows; {REWRITE}"
            )
        if self._data.shape != self._indices.shape:
            raise ParseError(
                f"{name} has {self._data.shape[0]:,} values and {self._indices.shape[0]:,} columns of them; {REWRITE}"
            )

    def read(self, first: int, last: int) -> csr_matrix:
        pointers = as_pointers(self._indptr[first : last + 1], self._data.shape[0], first, self.shape[1], self.name)
        begin, end = (int(pointers[0]), int(pointers[-1])) if len(pointers) else (0, 0)
        return self.made(self._data[begin:end], self._indices[begin:end], pointers - begin, first)


class DenseRows(MatrixRows):
    """A matrix stored whole, zeros too.

    Parameters
    ----------
    name : str
    array : array-like
    transposed : bool
        Whether its rows are genes, as in loom.
    """

    def __init__(self, name: str, array: Any, *, transposed: bool = False) -> None:
        if len(array.shape) != 2:
            raise ParseError(f"{name} has {len(array.shape)} dimensions, not cells and genes; {REWRITE}")
        first, second = (int(length) for length in array.shape)
        super().__init__(name, (second, first) if transposed else (first, second))
        self._array, self._transposed = array, transposed

    def read(self, first: int, last: int) -> csr_matrix:
        from scipy.sparse import csr_matrix, vstack

        width = max(1, _DENSE_BYTES // max(self.shape[1] * self._array.dtype.itemsize, 1))
        pieces = []
        for start in range(first, last, width):
            rows = slice(start, min(start + width, last))
            block = self._array[:, rows].T if self._transposed else self._array[rows]
            found = csr_matrix(_plain_array(np.asarray(block), self.name))
            pieces.append(self.made(found.data, found.indices, found.indptr.astype(np.int64), start))
        if not pieces:
            return csr_matrix((0, self.shape[1]), dtype=self.dtype)
        return pieces[0] if len(pieces) == 1 else vstack(pieces, format="csr")


class CompressedColumns(MatrixRows):
    """A matrix stored column after column (CSC); it is read whole, as its rows lie all over it.

    Parameters
    ----------
    name, shape, parts
        As of :class:`CompressedRows`.
    """

    def __init__(self, name: str, shape: tuple[int, int], parts: Mapping[str, Any]) -> None:
        super().__init__(name, shape)
        self._turned = CompressedRows(name, (shape[1], shape[0]), parts)
        self._made: csr_matrix | None = None

    def read(self, first: int, last: int) -> csr_matrix:
        if self._made is None:
            from scipy.sparse import csr_matrix

            self._turned.dtype = self.dtype
            self._made = csr_matrix(self._turned.read(0, self.shape[1]).T)
            self._made.sort_indices()
        return self._made if (first, last) == (0, self.shape[0]) else self._made[first:last]


def vector(parts: Mapping[str, Any], part: str, name: str) -> Any:
    """Return a part of a compressed matrix; ParseError where it is absent or no list of numbers."""
    found = parts.get(part)
    if found is None or len(getattr(found, "shape", ())) != 1:
        raise ParseError(f"{name} has no list of numbers {part!r}, as a compressed matrix needs; {REWRITE}")
    return found


def as_pointers(raw: Any, length: int, first: int, width: int, name: str) -> NDArray[np.int64]:
    """Return where rows begin, ``int64 [rows + 1]``; ParseError where they fall, or lie outside the values."""
    read = np.asarray(raw)
    if read.dtype.kind not in "iu":
        raise ParseError(f"{name}/indptr holds {read.dtype}, not whole numbers; {REWRITE}")
    pointers = read.astype(np.int64)
    if len(pointers) and (pointers[0] < 0 or pointers.max() > length or (first == 0 and pointers[0] != 0)):
        raise ParseError(
            f"{name}/indptr leads from {pointers[0]} to {pointers.max()}, outside the {length:,} values; {REWRITE}"
        )
    counts = np.diff(pointers)
    wrong = np.flatnonzero((counts < 0) | (counts > width))
    if len(wrong):
        row, count = first + int(wrong[0]), int(counts[wrong[0]])
        what = "falls" if count < 0 else f"gives it {count:,} values for {width:,} columns"
        raise ParseError(f"{name}/indptr {what} at row {row}; {REWRITE}", position=row)
    return pointers


def as_columns(raw: Any, width: int, name: str, indptr: NDArray[np.int64], first: int) -> NDArray[np.int32]:
    """Return the columns of values; ParseError where one is outside the matrix."""
    read = np.asarray(raw)
    if read.dtype.kind not in "iu":
        raise ParseError(f"{name}/indices holds {read.dtype}, not whole numbers; {REWRITE}")
    wrong = np.flatnonzero((read < 0) | (read >= width))
    if len(wrong):
        row = first + int(np.searchsorted(indptr, wrong[0], side="right")) - 1
        raise ParseError(
            f"{name}: row {row} holds a value of column {read[wrong[0]]}, and there are {width:,} (from 0); {REWRITE}",
            position=row,
        )
    return read.astype(np.int32)


def row_sums(matrix: csr_matrix) -> NDArray[np.float64]:
    """Return the sum of each row, ``float64 [C]``, added up as ``float64``: the counts of cells over all columns."""
    return np.asarray(matrix.sum(axis=1, dtype=np.float64)).ravel()


def as_values(raw: Any, name: str, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
    """Return values as ``float32``, or what is asked for; ParseError where they are no real numbers."""
    read = np.asarray(raw)
    if read.dtype.kind not in "iufb":
        raise ParseError(f"{name} holds values of type {read.dtype}, not numbers; {REWRITE}")
    with np.errstate(over="ignore", invalid="ignore"):
        return read.astype(dtype)


def _plain_array(array: NDArray[Any], name: str) -> NDArray[Any]:
    if array.ndim != 2 or array.dtype.kind not in "iufb":
        raise ParseError(f"{name} holds {array.dtype} in {array.ndim} dimensions, not numbers of cells and genes")
    return array.astype(np.float32) if array.dtype == np.float16 else array  # which SciPy's sparse matrices lack


def _check_values(matrix: csr_matrix, name: str, first: int) -> None:
    wrong = np.flatnonzero(~np.isfinite(matrix.data))
    if len(wrong):
        row = first + int(np.searchsorted(matrix.indptr, wrong[0], side="right")) - 1
        raise ParseError(
            f"{name}: row {row} holds {matrix.data[wrong[0]]} in column {matrix.indices[wrong[0]]} and {len(wrong):,} "
            "values in all are no finite numbers; give the values before they were scaled (layer=), or leave the "
            "genes out",
            position=row,
        )
