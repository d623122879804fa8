"""A table of atoms without what no other column stands in for is refused by that column's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.entities import Reject, read_proteins

from .builders import chain_of, cif, cif_rows

NEEDED = {
    "Cartn_y": ("Cartn_y",),
    "Cartn_z": ("Cartn_z",),
    "label_atom_id or auth_atom_id": ("label_atom_id",),
    "auth_comp_id or label_comp_id": ("label_comp_id",),
}


@pytest.mark.parametrize("words", NEEDED)
def test_a_missing_column_is_named(tmp_path: Path, words: str) -> None:
    text = cif(cif_rows(["GLY", "ALA", "SER"]))
    for name in NEEDED[words]:
        assert f"_atom_site.{name}\n" in text
        text = text.replace(f"_atom_site.{name}\n", f"_atom_site.own_{name}\n")
    path = tmp_path / "a.cif"
    path.write_text(text)
    (reject,) = read_proteins(path)
    assert isinstance(reject, Reject)
    assert f"no column {words}" in reject.reason


def test_beads_of_a_coarse_grained_model_are_called_so(tmp_path: Path) -> None:
    path = tmp_path / "a.pdb"
    path.write_text(
        "".join(line.replace(" CA ", " BB ") for line in chain_of(["GLY", "ALA"]).splitlines(True) if " CA " in line)
    )
    (reject,) = read_proteins(path)
    assert isinstance(reject, Reject)
    assert "no atom is called N, CA or C" in reject.reason
