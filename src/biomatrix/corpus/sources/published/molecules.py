"""Records of molecules as published sources make them: from SMILES or from records of SD files."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from rdkit import Chem

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.molecule_records import SIZES, molecule_record
from biomatrix.corpus.sources.published.published_source import PublishedSource
from biomatrix.corpus.sources.source_lines import LIMITS
from biomatrix.entities import Molecule
from biomatrix.entities.molecule.files.cutting import RecordText
from biomatrix.entities.molecule.files.mol_block import data_fields, read_mol_block
from biomatrix.errors import ParseError

END: Final = "$$$$"
_NUMBER: Final = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?")


class MoleculeSource(PublishedSource):
    """A published source of molecules."""

    largest = SIZES

    def molecule(self, identifier: str, mol: Chem.Mol, fields: Mapping[str, str]) -> Record:
        """Return the record of a sanitised molecule, its hydrogens explicit where it has a conformer."""
        return molecule_record(self.name, identifier, mol, fields, sizes=self.largest)


def whole_record(text: str) -> str:
    """Return the text of an SD record without its last line.

    Raises
    ------
    ParseError
        If that line is missing, since the file was cut inside the record, or if what is before it was left out,
        since the record is longer than one may be.
    """
    body, mark, _ = text.rpartition(END)
    if not mark:
        raise ParseError(f"the file ends inside the record, before its {END}")
    if not body.endswith(("\n\n", "\r\n\r\n")) and not body.rstrip().endswith("M  END"):
        raise ParseError(f"its last data item has no end: the record is cut, or over {LIMITS.record_bytes:,} bytes")
    return body


def data_items(text: str) -> dict[str, str]:
    """Return the data items of an SD record by name."""
    return data_fields(text.split("\n"))


def block_molecule(text: str) -> Molecule:
    """Return the molecule of an SD record; ParseError or UnsupportedError with the reason."""
    return read_mol_block(RecordText(1, 1, text), LIMITS)


def first_of(values: Mapping[str, Any], names: Iterable[str]) -> str:
    """Return the first value that is there, as text; empty where there is none.

    Examples
    --------
    >>> first_of({"a": None, "b": " x "}, ("a", "b"))
    'x'
    """
    for name in names:
        value = values.get(name)
        if value is not None and not (isinstance(value, float) and math.isnan(value)) and str(value).strip():
            return str(value).strip()
    return ""


def number_text(value: Any, digits: int) -> str:
    """Return a number with so many decimals; empty where it is none.

    Examples
    --------
    >>> number_text("-0.2571", 2), number_text("none", 2), number_text(float("nan"), 2)
    ('-0.26', '', '')
    """
    if value is None or isinstance(value, bool) or not _NUMBER.fullmatch(str(value).strip()):
        return ""
    return f"{float(value):.{digits}f}"
