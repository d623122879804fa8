"""BindingDB: measured affinities of ligands and proteins, one table of tab-separated columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.archived_text import ArchivedDelimitedTable
from biomatrix.corpus.sources.published.interactions import LigandProteinSource, Measured, measured, negative_log
from biomatrix.corpus.sources.published.molecules import first_of
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.text_tables import BrokenRow
from biomatrix.errors import ParseError, UnsupportedError

MEASURES: Final = {"Kd": "Kd (nM)", "Ki": "Ki (nM)", "IC50": "IC50 (nM)", "EC50": "EC50 (nM)"}
"""By measure, its column; the first that a row has is the row's value."""
_UNIT: Final = "nM"
_ID: Final = "BindingDB Reactant_set_id"
_SMILES: Final = "Ligand SMILES"
_SEQUENCE: Final = ("BindingDB Target Chain Sequence 1", "BindingDB Target Chain Sequence")
"""Numbered from 2025 on; before, the columns of every chain had the same names."""
_CHAINS: Final = "Number of Protein Chains in Target (>1 implies a multichain complex)"
_TARGET: Final = ("Target Name", "Target Name Assigned by Curator or DataSource")
_ORGANISM: Final = (
    "Target Source Organism According to Curator or DataSource",
    "Target Source Organism According to Curator or Data Source",
)
_SPACES: Final = re.compile(r"\s+")


class BindingTable(ArchivedDelimitedTable):
    """The table, its columns by their names with single spaces."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, lambda name: name.lower().endswith(".tsv"), "\t", quotes=False)

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [_SPACES.sub(" ", name).strip() for name in super().names]


class BindingDbSource(LigandProteinSource):
    """Measured pairs; targets of several chains are refused, since no value belongs to one of them."""

    def table(self, path: Path) -> Table:
        """Return the rows of the table, plain or in its zip archive."""
        table = BindingTable(path)
        table.require((_ID, _SMILES))
        return table

    def expand(self, table: Table, number: int, row: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
        """Yield the one row, by its id."""
        yield row.get(_ID, "").strip() or str(number + 1), row

    def record(self, identifier: str, row: Mapping[str, str]) -> Record:
        """Return the record of a row.

        Raises
        ------
        ParseError
            If it has no ligand, sequence or measured value, or more values than columns.
        UnsupportedError
            If its target has several chains.
        """
        if isinstance(row, BrokenRow):
            raise ParseError(row.reason)
        chains = row.get(_CHAINS, "").strip()
        if chains not in ("", "1"):
            raise UnsupportedError(f"a target of {chains} chains: pairs are of single chains")
        found = {name: one for name, column in MEASURES.items() if (one := measured(row.get(column))) is not None}
        if not found:
            raise ParseError(f"no value among {', '.join(MEASURES)}")
        ligand = row.get(_SMILES, ""), row.get("BindingDB Ligand Name", "")
        target = first_of(row, _TARGET)
        fields = {**_values(found), **_conditions(row), "ligand_name": ligand[1], "protein_name": target}
        return self.pair(identifier, ligand, (first_of(row, _SEQUENCE), target), fields)


def _values(found: Mapping[str, Measured]) -> dict[str, str]:
    """Return the fields of the first measure, and each measure as text by its own name."""
    name, one = next(iter(found.items()))
    fields = {"measure": name, "relation": one.relation, "value": one.value, "unit": _UNIT}
    fields["measured_value"] = f"{name} {one.text} {_UNIT}"
    if one.relation == "=":
        fields["affinity"] = negative_log(one.value, 1e-9)
    return fields | {name.lower(): f"{one.text} {_UNIT}" for name, one in found.items()}


def _conditions(row: Mapping[str, str]) -> dict[str, str]:
    """Return where and how it was measured."""
    aid = row.get("PubChem AID", "").strip()
    return {
        "ph": row.get("pH", "").strip(),
        "temperature": row.get("Temp (C)", "").strip().removesuffix("C").strip(),
        "organism": first_of(row, _ORGANISM),
        "assay": f"PubChem AID {aid}" if aid else row.get("Curation/DataSource", "").strip(),
    }
