"""The table of binding affinities that J. Glaser gathered from BindingDB, PDBbind, BioLIP and MOAD, in Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.published.interactions import LigandProteinSource
from biomatrix.corpus.sources.published.molecules import first_of, number_text
from biomatrix.corpus.sources.published.smiles_columns import parquet_columns
from biomatrix.corpus.sources.tables import ParquetTable, Table
from biomatrix.errors import ConfigurationError, ParseError

_NEEDED: Final = ("seq", "smiles", "neg_log10_affinity_M")
_ALSO: Final = ("affinity_uM",)


class BindingAffinitySource(LigandProteinSource):
    """Pairs of a sequence and a SMILES string with -log10 of the affinity in mol/l."""

    def table(self, path: Path) -> Table:
        """Return the rows of a file."""
        there = parquet_columns(path)
        missing = [name for name in _NEEDED if name not in there]
        if missing:
            raise ConfigurationError(f"no column {', '.join(missing)}; there are: {', '.join(there)}", file=str(path))
        return ParquetTable(path, [*_NEEDED, *(name for name in _ALSO if name in there)])

    def expand(self, table: Table, number: int, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the one row, by its number."""
        yield self.numbered(table, number), row

    def record(self, identifier: str, row: Mapping[str, Any]) -> Record:
        """Return the record of a row; ParseError where it lacks one of the three."""
        affinity = number_text(row["neg_log10_affinity_M"], 2)
        if not affinity:
            raise ParseError("no affinity in the row")
        value = number_text(row.get("affinity_uM"), 4)
        fields = {"affinity": affinity, "relation": "="}
        if value:
            fields |= {"value": value, "unit": "uM"}
        return self.pair(identifier, (first_of(row, ("smiles",)), ""), (first_of(row, ("seq",)), ""), fields)
