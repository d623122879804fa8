"""Columns of a table on disk: Parquet, or values parted by tabs or commas under a header."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from biomatrix.entities.files.delimited import Delimited
from biomatrix.entities.limits import DEFAULT_LIMITS
from biomatrix.errors import ParseError


def read_columns(path: str | Path) -> Mapping[str, NDArray[Any]]:
    """Return the columns of a table by name: numbers where Parquet has numbers, else text as objects.

    Raises
    ------
    ParseError
        It is no such table, or a row is cut.
    LimitError
        It is larger than the limits.
    """
    if Path(path).suffix == ".parquet":
        return _parquet(Path(path))
    table = Delimited(path)
    columns: dict[str, list[str]] = {name: [] for name in table.columns}
    for number, row in enumerate(table.rows(whole=True), 1):
        if isinstance(row, ParseError):
            raise row.at(file=str(path), record=number)
        for name, value in row.items():
            columns[name].append(value)
    return {name: np.array(values, dtype=object) for name, values in columns.items()}


def _parquet(path: Path) -> Mapping[str, NDArray[Any]]:
    try:
        DEFAULT_LIMITS.check("file_bytes", path.stat().st_size, str(path))
        file = pq.ParquetFile(path)
        DEFAULT_LIMITS.check("records", file.metadata.num_rows, f"the number of rows of {path}")
        table = file.read()
    except (OSError, pa.ArrowException) as error:
        raise ParseError(f"no Parquet table: {str(error).splitlines()[0]}", file=str(path)) from error
    return {name: table.column(name).to_numpy() for name in table.column_names}


def numbers_of(values: NDArray[Any], name: str, file: str) -> NDArray[np.float64]:
    """Return a column as finite numbers, ``float64``; ParseError with the row, from 1, where one is none."""
    if values.dtype.kind in "iufb":
        made = values.astype(np.float64)
    else:
        made = np.array([_number(value) for value in values], dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(made))
    if len(wrong):
        first = int(wrong[0])
        raise ParseError(
            f"{str(values[first])[:40]!r} in the column {name!r} is no finite number", file=file, record=first + 1
        )
    return made


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return float("nan")
