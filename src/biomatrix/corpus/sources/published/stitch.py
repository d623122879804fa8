"""STITCH: links of chemicals and proteins with their confidence; structures and sequences lie in files beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.fasta_places import FastaPlaces
from biomatrix.corpus.sources.published.interactions import LigandProteinSource
from biomatrix.corpus.sources.published.molecules import number_text
from biomatrix.corpus.sources.sorted_lines import SortedLines
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.text_tables import BrokenRow, DelimitedTable
from biomatrix.errors import ConfigurationError, ParseError

_COLUMNS: Final = ("chemical", "protein", "combined_score")


class StitchSource(LigandProteinSource):
    """Links, each with the chemical's SMILES and the protein's sequence."""

    def table(self, path: Path) -> Table:
        """Return the links of a file."""
        table = DelimitedTable(path, "\t", quotes=False)
        table.require(_COLUMNS)
        _ = self._chemicals, self._sequences  # what is amiss with them is said before the first row
        return table

    def expand(self, table: Table, number: int, row: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
        """Yield the one link, by its chemical and its protein."""
        yield f"{row['chemical']}:{row['protein']}", row

    def record(self, identifier: str, row: Mapping[str, str]) -> Record:
        """Return the record of a link; ParseError where its chemical or its protein is not in the files beside it."""
        if isinstance(row, BrokenRow):
            raise ParseError(row.reason)
        try:
            known = self._chemicals[row["chemical"]]
        except ValueError as error:
            raise ParseError(str(error)) from error
        if not known:
            raise ParseError(f"no chemical {row['chemical']} in the table of chemicals")
        name, _, rest = known[0].partition("\t")
        weight, _, smiles = rest.partition("\t")
        sequence = self._sequences[row["protein"]]
        if sequence is None:
            raise ParseError(f"no protein {row['protein']} among the sequences")
        score = number_text(row["combined_score"], 0)
        if not score:
            raise ParseError(f"a combined score that is no number: {row['combined_score'][:40]!r}")
        fields = {"interaction_score": score, "ligand_name": name, "weight": number_text(weight, 1)}
        return self.pair(identifier, (smiles, name), (sequence, row["protein"]), fields)

    @cached_property
    def _chemicals(self) -> SortedLines:
        return SortedLines(self._beside("chemicals"), chemical_order)

    @cached_property
    def _sequences(self) -> FastaPlaces:
        return FastaPlaces(self._beside("protein.sequences"))

    def _beside(self, beginning: str) -> Path:
        path = self.side_path(beginning)
        if path is None:
            raise ConfigurationError(f"source {self.name}: no file {beginning}* beside the links", file=str(self.root))
        return path


def chemical_order(name: str) -> str:
    """Return what chemicals are sorted by, their names as text; ValueError where it is no name of a chemical."""
    if not name.startswith("CID"):
        raise ValueError(f"not a chemical of STITCH: {name[:40]!r}")
    return name
