"""PubChem compounds: SD files with computed properties and names, in 2D or with one conformer each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.conformers import closed_shell
from biomatrix.corpus.sources.molecule_records import parse_smiles
from biomatrix.corpus.sources.published.molecules import (
    MoleculeSource,
    block_molecule,
    data_items,
    first_of,
    number_text,
    whole_record,
)
from biomatrix.corpus.sources.sorted_lines import SortedLines
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.text_tables import MarkedTable
from biomatrix.errors import ParseError

_CID: Final = re.compile(r">\s*<PUBCHEM_COMPOUND_CID>[^\n]*\n\s*(\d+)")
_SMILES: Final = (
    "PUBCHEM_SMILES",
    "PUBCHEM_OPENEYE_ISO_SMILES",
    "PUBCHEM_CONNECTIVITY_SMILES",
    "PUBCHEM_OPENEYE_CAN_SMILES",
)
"""Names of 2025 and those before, each with stereochemistry first."""
_XLOGP: Final = ("PUBCHEM_XLOGP3", "PUBCHEM_XLOGP3_AA")
_NAMES: Final = ("PUBCHEM_IUPAC_NAME", "PUBCHEM_IUPAC_SYSTEMATIC_NAME", "PUBCHEM_IUPAC_OPENEYE_NAME")
_SYNONYMS: Final = 5
_LONGEST: Final = 100
_REGISTRY_NUMBER: Final = re.compile(r"\d{4}|\d-\d\d-\d|^[^a-z]{0,6}\d")


class PubChemSource(MoleculeSource):
    """Compounds from their SMILES items, or from their drawings where there are none."""

    def table(self, path: Path) -> Table:
        """Return the SD records of a file."""
        return MarkedTable(path, None, "$$$$")

    def expand(self, table: Table, number: int, row: str) -> Iterator[tuple[str, Any]]:
        """Yield the one record, by its compound id; by its title, the first line, where it has none."""
        found = _CID.search(row)
        yield found[1] if found else row.split("\n", 1)[0].strip() or str(number + 1), row

    def record(self, identifier: str, row: str) -> Record:
        """Return a compound with names and properties.

        Raises
        ------
        ParseError
            If the record is cut, or is no molecule.
        """
        text = whole_record(row)
        items = data_items(text)
        smiles = first_of(items, _SMILES)
        mol = parse_smiles(smiles) if smiles else closed_shell(block_molecule(text))
        return self.molecule(identifier, mol, {**self.properties(items), **self.names(identifier, items)})

    def properties(self, items: Mapping[str, str]) -> dict[str, str]:
        """Return the numbers among the data items."""
        return {
            "formula": first_of(items, ("PUBCHEM_MOLECULAR_FORMULA",)),
            "weight": number_text(items.get("PUBCHEM_MOLECULAR_WEIGHT"), 1),
            "xlogp": number_text(first_of(items, _XLOGP), 1),
            "donors": number_text(items.get("PUBCHEM_CACTVS_HBOND_DONOR"), 0),
            "acceptors": number_text(items.get("PUBCHEM_CACTVS_HBOND_ACCEPTOR"), 0),
            "tpsa": number_text(items.get("PUBCHEM_CACTVS_TPSA"), 0),
        }

    def names(self, identifier: str, items: Mapping[str, str]) -> dict[str, str]:
        """Return title, IUPAC name and some synonyms of a compound."""
        systematic = first_of(items, _NAMES)
        title = self._looked_up(self._titles, identifier)
        name = title[0] if title else systematic
        same = {name.casefold(), systematic.casefold()}
        others = (one for one in self._looked_up(self._synonyms, identifier) if is_name(one))
        synonyms = [one for one in dict.fromkeys(others) if one.casefold() not in same][:_SYNONYMS]
        longer = systematic if systematic != name else ""
        return {"name": name, "iupac_name": longer, "synonyms": "; ".join(synonyms)}

    def _looked_up(self, side: SortedLines | None, identifier: str) -> list[str]:
        return side[identifier] if side is not None and identifier.isdecimal() else []

    @cached_property
    def _titles(self) -> SortedLines | None:
        path = self.side_path("CID-Title")
        return None if path is None else SortedLines(path, int)

    @cached_property
    def _synonyms(self) -> SortedLines | None:
        path = self.side_path("CID-Synonym")
        return None if path is None else SortedLines(path, int)


class PubChem3dSource(PubChemSource):
    """Compounds with the first of their computed conformers, hydrogens included."""

    def record(self, identifier: str, row: str) -> Record:
        """Return a compound with coordinates (Angstrom); ParseError where it has none, or is cut."""
        text = whole_record(row)
        items = data_items(text)
        molecule = block_molecule(text)
        if not molecule.mol.GetNumConformers() or not molecule.mol.GetConformer().Is3D():
            raise ParseError("no coordinates in 3D")
        energy = number_text(items.get("PUBCHEM_MMFF94_ENERGY"), 2)
        fields = {"mmff94_energy": energy, **self.names(identifier, items)}
        return self.molecule(identifier, closed_shell(molecule), fields)


def is_name(synonym: str) -> bool:
    """Return whether a synonym is a name that people use: no registry number, no more than 100 characters.

    Examples
    --------
    >>> [is_name(one) for one in ("Aspirin", "50-78-2", "DTXSID5020108", "MFCD00002430")]
    [True, False, False, False]
    """
    return len(synonym) <= _LONGEST and any(map(str.isalpha, synonym)) and _REGISTRY_NUMBER.search(synonym) is None
