"""PCQM4Mv2: molecules of PubChemQC with DFT coordinates, in an SD file whose order is that of a table of gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from rdkit.Chem import rdMolDescriptors

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.archived_text import ArchivedDelimitedTable, ArchivedMarkedTable
from biomatrix.corpus.sources.conformers import closed_shell
from biomatrix.corpus.sources.molecule_records import parse_smiles
from biomatrix.corpus.sources.published.molecules import (
    MoleculeSource,
    block_molecule,
    first_of,
    number_text,
    whole_record,
)
from biomatrix.corpus.sources.tables import Table
from biomatrix.errors import ParseError

_GAP = "homolumogap"


class _Numbered(NamedTuple):
    """An SD record and its number in the file, from 0."""

    number: int
    text: str


class Pcqm4mv2Source(MoleculeSource):
    """The training molecules, each with the row of ``data.csv`` at the same place where that file is there."""

    def table(self, path: Path) -> Table:
        """Return the SD records of a file, which may lie in an archive."""
        return ArchivedMarkedTable(path, lambda name: name.endswith(".sdf"), None, "$$$$")

    def expand(self, table: Table, number: int, row: str) -> Iterator[tuple[str, Any]]:
        """Yield the one record, by its number from 0, which is the ``idx`` of the table."""
        yield str(number), _Numbered(number, row)

    def record(self, identifier: str, row: _Numbered) -> Record:
        """Return a molecule with coordinates (Angstrom) and its gap (eV).

        Raises
        ------
        ParseError
            If the record is cut or no molecule, or the table has another molecule at its place.
        """
        mol = closed_shell(block_molecule(whole_record(row.text)))
        gap = ""
        if self._gaps is not None:
            values: Mapping[str, str] = next(self._gaps.rows(row.number), {})
            listed = first_of(values, ("smiles",))
            formulas = {rdMolDescriptors.CalcMolFormula(one) for one in (mol, parse_smiles(listed))}
            if len(formulas) > 1:
                raise ParseError(f"the table's row {row.number} is another molecule: {' and '.join(sorted(formulas))}")
            gap = number_text(values.get(_GAP), 2)
        return self.molecule(identifier, mol, {"gap": gap})

    @cached_property
    def _gaps(self) -> ArchivedDelimitedTable | None:
        if not self.side_paths:
            return None
        table = ArchivedDelimitedTable(self.side_paths[0], lambda name: "data.csv" in name)
        table.require(("smiles", _GAP))
        return table
