"""What stands behind a SMILES string: the name in a line of a file, and never dropped from a value in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.entities import Molecule, Reject
from biomatrix.entities.records import read_entities
from biomatrix.entities.tables import find_table, read_table
from biomatrix.errors import ParseError


def test_text_behind_a_value_is_noted() -> None:
    named = Molecule.from_smiles("CCO ethanol")
    assert named.name == "ethanol"
    assert named.notes == ("the text 'ethanol' behind the SMILES string was taken for its name",)
    assert any("left out" in note for note in Molecule.from_smiles("CCO ethanol", "mine").notes)
    assert not Molecule.from_smiles("C[C@H](O)F |o1:1|").name


@pytest.mark.parametrize("value", ["F/C=C /F", "CC O", "[Na+]\u00a0.[Cl-]"])
def test_a_blank_inside_a_string_is_noted(tmp_path: Path, value: str) -> None:
    assert any("remove the blank" in note for note in Molecule.from_smiles(value).notes)
    table = tmp_path / "table.csv"
    table.write_text(f"smiles,name\n{value},one\n", encoding="utf-8")
    (row,) = read_table(table, find_table(table)[1])
    assert isinstance(row, Molecule)
    assert row.name == "one"
    assert any("remove the blank" in note for note in row.notes)
    lines = tmp_path / "lines.smi"
    lines.write_text(f"{value} one\nCCO C12\nCCN 7\n", encoding="utf-8")
    first, *others = read_entities(lines)
    assert isinstance(first, Molecule)
    assert any("remove the blank" in note for note in first.notes)
    assert all(isinstance(one, Molecule) and not one.notes for one in others)


def test_a_row_of_a_table_that_is_not_utf8_is_noted(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_bytes(b"\nsmiles,name\nCCO,plain\nCCN,caf\xe9\nCCC,plain too\n")
    rows = [row for row in read_table(table, find_table(table)[1]) if not isinstance(row, Reject)]
    assert [(row.name, bool(row.notes)) for row in rows] == [("plain", False), ("café", True), ("plain too", False)]


def test_no_symbol_of_selfies_holds_a_dot() -> None:
    with pytest.raises(ParseError, match="is no symbol"):
        Molecule.from_selfies("[C][=C][Ring1][=Bra.ch1]")
