"""ChEMBL: its database in SQLite, with names and computed properties, or its list of structures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.published.molecules import number_text
from biomatrix.corpus.sources.published.smiles_columns import SmilesColumnsSource
from biomatrix.corpus.sources.sqlite_tables import SqliteTable
from biomatrix.corpus.sources.tables import Table

_SQLITE: Final = b"SQLite format 3\x00"
_ROWS: Final = """
SELECT molecule.chembl_id, molecule.pref_name, structure.canonical_smiles, property.full_molformula,
       property.full_mwt, property.alogp, property.hbd, property.hba, property.psa
FROM molecule_dictionary AS molecule
LEFT JOIN compound_structures AS structure ON structure.molregno = molecule.molregno
LEFT JOIN compound_properties AS property ON property.molregno = molecule.molregno
"""
_KEYS: Final = "SELECT molecule.molregno FROM molecule_dictionary AS molecule"
_DIGITS: Final = {"weight": ("full_mwt", 1), "alogp": ("alogp", 2), "donors": ("hbd", 0), "acceptors": ("hba", 0)}


class ChemblSource(SmilesColumnsSource):
    """Compounds of ChEMBL; those without a structure (biologicals, mixtures) are refused."""

    smiles = ("canonical_smiles",)
    ids = ("chembl_id",)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"name": ("pref_name",), "formula": ("full_molformula",)}

    def table(self, path: Path) -> Table:
        """Return the compounds of a database, found by ``molregno``, or the rows of a list of structures."""
        with path.open("rb") as stream:
            if stream.read(len(_SQLITE)) == _SQLITE:
                return SqliteTable(path, _ROWS, _KEYS, "molecule.molregno")
        return super().table(path)

    def record(self, identifier: str, row: Mapping[str, Any]) -> Record:
        """Return a compound with its preferred name and its computed properties, where the file has them."""
        name = str(row.get("pref_name") or "")
        numbers = {field: number_text(row.get(column), digits) for field, (column, digits) in _DIGITS.items()}
        tpsa = number_text(row.get("psa"), 0)
        record = super().record(identifier, {**row, "pref_name": name.lower() if name.isupper() else name})
        given = {field: value for field, value in {**numbers, "tpsa": tpsa}.items() if value}
        return Record(record.source, record.id, record.kind, record.split, {**record.fields, **given}, record.entity)
