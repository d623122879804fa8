"""Rows of Parquet tables by pyarrow and NumPy: what a reader here is held against."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

CHAINS: Final = ("id", "sequence", "coords")
CONFORMERS: Final = ("id", "atomic_numbers", "positions", "bonds")
_ATOMS: Final = 4
_MISSING: Final = -32768


@dataclass(frozen=True)
class TableRow:
    """One row: the atoms' numbers or the residues' letters, their positions in Angstrom, and the pairs of bonds."""

    name: str
    letters: list[Any]
    points: NDArray[np.float64]
    bonds: set[tuple[int, int]] = field(default_factory=set)


def rows_of(content: bytes) -> list[TableRow]:
    """Return the rows of a table of conformers or of chains; none where it cannot be read."""
    try:
        names = set(pq.ParquetFile(io.BytesIO(content)).schema_arrow.names)
        wanted = next(one for one in (CHAINS, CONFORMERS) if set(one) <= names)
        return list(_rows(pq.read_table(io.BytesIO(content), columns=list(wanted))))
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, StopIteration):
        return []


def _rows(table: pa.Table) -> Iterator[TableRow]:
    chains = set(CHAINS) <= set(table.column_names)
    for row in table.to_pylist():
        yield _chain(row) if chains else _conformer(row)


def _chain(row: Mapping[str, Any]) -> TableRow:
    flat = np.asarray(row["coords"] or [], dtype=np.float64).reshape(-1, _ATOMS, 3)
    flat[(flat == _MISSING).any(axis=2)] = np.nan
    return TableRow(row["id"], list(row["sequence"] or ""), flat[:, :3] / 100)


def _conformer(row: Mapping[str, Any]) -> TableRow:
    triples = np.asarray(row["bonds"] or [], dtype=np.int64).reshape(-1, 3).tolist()
    bonds = {(min(one, other), max(one, other)) for one, other, _ in triples}
    points = np.asarray(row["positions"] or [], dtype=np.float64).reshape(-1, 3)
    return TableRow(str(row["id"]), list(row["atomic_numbers"] or []), points, bonds)
