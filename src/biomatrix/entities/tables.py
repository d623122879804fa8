"""Tables of entities of any kind: which kind reads one, by its columns, and its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.files.delimited import Delimited
from biomatrix.entities.files.reading import read_lines
from biomatrix.entities.files.unpacking import without_packing
from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.entities.registration import Kind, Table
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ParseError, UnsupportedError

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

Container = Literal["parquet", "csv"]
_SHOWN: Final = 12
ROWS: Final = 512
"""Rows held in memory at once."""


def container_of(path: str | Path) -> Container | None:
    """Return the container of a table, by the name of the file; None where the name is not that of a table.

    Examples
    --------
    >>> container_of("x.CSV.gz"), container_of("x.parquet"), container_of("x.sdf")
    ('csv', 'parquet', None)
    """
    name = Path(path).name.lower()
    if name.endswith(".parquet"):
        return "parquet"
    return "csv" if without_packing(name).endswith(".csv") else None


def find_table(path: Path, among: Sequence[Kind] | None = None) -> tuple[Kind, Table]:
    """Return the kind that reads a table, and which of its layouts it is.

    Parameters
    ----------
    path : Path
        .parquet, or .csv (gzipped or not).
    among : sequence of Kind, optional
        The kinds that count; every kind when not given.

    Raises
    ------
    UnsupportedError
        Its columns are those of no table of these kinds.
    ParseError
        The file cannot be opened.
    """
    container = container_of(path)
    columns = columns_of(path)
    layouts = [
        (one, table)
        for one in (kinds() if among is None else among)
        for table in one.tables
        if table.container == container
    ]
    for one, table in layouts:
        if (any if table.any_column else all)(name in columns for name in table.columns):
            return one, table
    held = ", ".join(columns[:_SHOWN]) + (", ..." if len(columns) > _SHOWN else "")
    raise UnsupportedError(
        f"a table is read with the columns {_description([table for _, table in layouts])}; "
        f"this one has {held or 'none'}",
        file=str(path),
    )


def read_table(path: Path, table: Table, *, held_out: bool = False) -> Iterator[Entity | Reject]:
    """Yield the rows of a table; with ``held_out`` those no shipped tokenizer was fitted on, where the table tells."""
    rows: Iterator[Entity | Reject] = load_attribute(table.held_out if held_out and table.held_out else table.reader)(
        path
    )
    return rows


def columns_of(path: Path) -> list[str]:
    """Return the names of the columns of a table; ParseError where the file is not a table."""
    if container_of(path) == "parquet":
        return list(_open_parquet(path).schema_arrow.names)
    return list(Delimited(path).columns)


def count_rows(path: Path) -> int:
    """Return how many rows a table declares; in comma-separated text every line below the header counts as one."""
    if container_of(path) == "parquet":
        return int(_open_parquet(path).metadata.num_rows)
    return max(sum(1 for _ in read_lines(path)) - 1, 0)


def parquet_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a Parquet file, with the given columns alone; ParseError where it is broken."""
    from pyarrow import ArrowException

    table = _open_parquet(path)
    try:
        for batch in table.iter_batches(batch_size=ROWS, columns=list(columns)):
            batch.validate(full=True)  # text that is not UTF-8, lists past their end
            yield from batch.to_pylist()
    except (ArrowException, OSError) as error:
        raise ParseError(f"a broken Parquet file: {error}", file=str(path)) from error


def _open_parquet(path: Path) -> ParquetFile:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        return ParquetFile(path)
    except (ArrowException, OSError, UnicodeDecodeError) as error:  # names of columns that are not UTF-8
        raise ParseError(f"not a Parquet file: {error}", file=str(path)) from error


def _description(tables: Sequence[Table]) -> str:
    """Return the columns of tables in words: ``id, mol_block (MOL blocks) or id, sequence, coords (chains)``."""
    words = [f"{(' or ' if table.any_column else ', ').join(table.columns)} ({table.name})" for table in tables]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words or ["of no kind"])
