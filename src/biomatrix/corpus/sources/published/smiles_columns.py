"""Published tables with a column of SMILES: MolTextNet, ZINC20, ChEMBL's list of structures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.molecule_records import parse_smiles
from biomatrix.corpus.sources.published.molecules import MoleculeSource, first_of
from biomatrix.corpus.sources.tables import ParquetTable, Table
from biomatrix.corpus.sources.text_tables import BrokenRow, DelimitedTable
from biomatrix.errors import ConfigurationError, ParseError


class SmilesColumnsSource(MoleculeSource):
    """A table whose rows are molecules; a subclass names its columns."""

    smiles: ClassVar[tuple[str, ...]]
    """The column of SMILES, by the names it has had."""
    ids: ClassVar[tuple[str, ...]]
    """The column of the record's name, likewise; the row's number where there is none."""
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """By field, the column it comes from, likewise."""
    delimiter: ClassVar[str] = "\t"

    def table(self, path: Path) -> Table:
        """Return the rows of a Parquet file, or of text in columns; ConfigurationError without a SMILES column."""
        if path.suffix == ".parquet":
            return ParquetTable(path, self._present(parquet_columns(path), path))
        table = DelimitedTable(path, self.delimiter, quotes=False)
        self._present(table.names, path)
        return table

    def _present(self, names: Sequence[str], path: Path) -> list[str]:
        if not any(name in names for name in self.smiles):
            there = ", ".join(names)
            raise ConfigurationError(f"no column {' or '.join(self.smiles)}; there are: {there}", file=str(path))
        asked = (*self.smiles, *self.ids, *(name for group in self.columns.values() for name in group))
        return [name for name in dict.fromkeys(asked) if name in names]

    def expand(self, table: Table, number: int, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the one row, by its id."""
        yield first_of(row, self.ids) or self.numbered(table, number), row

    def record(self, identifier: str, row: Mapping[str, Any]) -> Record:
        """Return a row's molecule and the fields that have a value; ParseError where it is broken."""
        if isinstance(row, BrokenRow):
            raise ParseError(row.reason)
        fields = {field: first_of(row, names) for field, names in self.columns.items()}
        return self.molecule(identifier, parse_smiles(first_of(row, self.smiles)), fields)


class MolTextNetSource(SmilesColumnsSource):
    """Molecules of ChEMBL with descriptions that a language model wrote."""

    smiles = ("canonical_smiles", "smiles")
    ids = ("chembl_id", "molecule_chembl_id", "id")
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"description": ("description",)}


class Zinc20Source(SmilesColumnsSource):
    """The tranches of ZINC20 in 2D."""

    smiles = ("smiles",)
    ids = ("zinc_id",)
    delimiter = " "


def parquet_columns(path: Path) -> list[str]:
    """Return the names of the columns of a Parquet file; ParseError where it is none."""
    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ParseError(f"not a Parquet file that can be read: {error}", file=str(path)) from error
