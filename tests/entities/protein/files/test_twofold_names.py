"""Names that mmCIF gives twice, and records of PDB files that hold more than their columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.entities import Protein
from biomatrix.entities.records import read_entities

_TAGS = ("group_PDB", "label_atom_id", "auth_atom_id", "auth_comp_id", "label_comp_id", "auth_asym_id", "auth_seq_id")


def _cif(auth_atom: str = "CA", label_residue: str = "GLY") -> str:
    rows = [
        f"ATOM {name} {auth_atom if name == 'CA' else name} GLY {label_residue} A 1 {at}.0 2.0 3.0"
        for at, name in enumerate(("N", "CA", "C"))
    ]
    tags = [f"_atom_site.{tag}" for tag in (*_TAGS, "Cartn_x", "Cartn_y", "Cartn_z")]
    return "\n".join(["data_x", "loop_", *tags, *rows, "#", ""])


@pytest.mark.parametrize(("auth_atom", "label_residue"), [("CB", "GLY"), ("CA", "ALA")])
def test_names_that_two_columns_give_differently_are_noted(tmp_path: Path, auth_atom: str, label_residue: str) -> None:
    path = tmp_path / "x.cif"
    path.write_text(_cif(), encoding="utf-8")
    (same,) = read_entities(path)
    path.write_text(_cif(auth_atom, label_residue), encoding="utf-8")
    (other,) = read_entities(path)
    assert isinstance(same, Protein)
    assert isinstance(other, Protein)
    assert other.sequence == same.sequence == "G"
    assert not any("differ for" in note for note in same.notes)
    assert any("differ for" in note and "was read" in note for note in other.notes)


def test_an_atom_record_past_its_columns_is_noted(tmp_path: Path) -> None:
    line = "ATOM  {:>5}  {:<3} GLY A   1    {:8.3f}{:8.3f}{:8.3f}  1.00  0.00           {}"
    lines = [line.format(at, name, at, 2, 3, name[0]) for at, name in enumerate(("N", "CA", "C"), start=1)]
    path = tmp_path / "x.pdb"
    path.write_text("\n".join([*lines, "END", ""]), encoding="utf-8")
    (plain,) = read_entities(path)
    lines[2] += "   OM      4  O   GLY A"
    path.write_text("\n".join([*lines, "END", ""]), encoding="utf-8")
    (joined,) = read_entities(path)
    assert isinstance(plain, Protein)
    assert isinstance(joined, Protein)
    assert not any("past column 80" in note for note in plain.notes)
    assert any("past column 80" in note for note in joined.notes)
