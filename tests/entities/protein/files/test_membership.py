"""What is a link of a chain, and what is a ligand, a lipid, a cap or an ion beside it, whatever its record."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.entities import Protein, read_proteins
from biomatrix.errors import ParseError

from .builders import atom, chain_of, cif, cif_rows, read, read_all, residue

PEPTIDE = chain_of(["VAL", "GLY", "SER"])


@pytest.mark.parametrize("record", ["ATOM", "HETATM"])
@pytest.mark.parametrize("between", ["TER\n", ""])
@pytest.mark.parametrize("name", ["SAH", "LIG", "UNL", "ZZ9", "STI"])
def test_a_ligand_with_names_of_the_backbone_is_left_out(name: str, between: str, record: str, tmp_path: Path) -> None:
    protein = read(tmp_path, PEPTIDE + between + residue(1001, name, shift=-3800, record=record) + "TER\nEND\n")
    assert protein.sequence == "VGS"
    assert f"left out of chain 'A': 1 ligand {name}" in protein.notes


@pytest.mark.parametrize("name", ["GLU", "MSE", "NVA", "TYM"])
@pytest.mark.parametrize(("between", "record"), [("TER\n", "ATOM"), ("TER\n", "HETATM"), ("", "HETATM")])
def test_a_free_amino_acid_is_a_ligand(name: str, between: str, record: str, tmp_path: Path) -> None:
    protein = read(tmp_path, PEPTIDE + between + residue(401, name, shift=-1480, record=record))
    assert protein.sequence == "VGS"
    assert f"left out of chain 'A': 1 ligand {name}" in protein.notes


def test_a_free_amino_acid_under_an_identifier_of_its_own(tmp_path: Path) -> None:
    (protein,) = read_all(tmp_path, PEPTIDE + "TER\n" + residue(1, "GLU", shift=50, chain="B", record="HETATM"))
    assert protein.sequence == "VGS"
    assert any("ligand GLU (chain 'B')" in note for note in protein.notes)
    (alone,) = read_all(tmp_path, residue(1, "GLU"))
    assert alone.sequence == "E"
    path = tmp_path / "ligand.pdb"
    path.write_text(residue(1, "SAH", record="HETATM"))
    with pytest.raises(ParseError, match="no protein chain"):
        Protein.from_file(path)


@pytest.mark.parametrize("record", ["ATOM", "HETATM"])
@pytest.mark.parametrize(("name", "letter"), [("MSE", "M"), ("SEP", "S"), ("ZZ9", "X"), ("LYSH", "K")])
def test_modified_residues_within_the_chain_stay(name: str, letter: str, record: str, tmp_path: Path) -> None:
    text = residue(1) + residue(2, name, record=record) + residue(3) + "TER\n"
    assert read(tmp_path, text).sequence == f"A{letter}A"
    assert read(tmp_path, text.replace("TER\n", "")).sequence == f"A{letter}A"


def test_a_lipid_is_never_an_amino_acid(tmp_path: Path) -> None:
    near, far = (3.8 * 9, 0.0, 0.0), (70.0, 9.0, 9.0)
    for name in ("DPP", "DPPC", "POPC", "POPE", "DOPC", "CHL1", "LAL", "DHA", "DSP"):
        for record in ("ATOM", "HETATM"):
            scattered = atom("N", name, 9, near, record=record) + atom("CA", name, 9, far, record=record)
            scattered += atom("C", name, 9, near, record=record) + atom("P", name, 9, far, record=record)
            bonded = residue(9, name, record=record) + atom("P", name, 9, far, record=record)
            choline = atom("N", name, 9, near, record=record) + atom("C33", name, 9, far, record=record)
            for lipid in (scattered, bonded, choline):
                protein = read(tmp_path, PEPTIDE + lipid)
                assert protein.sequence == "VGS", (name, record)
                assert f"left out of chain 'A': 1 ligand {name}" in protein.notes
    assert read(tmp_path, residue(1) + residue(2, "DPP", record="HETATM") + residue(3) + "TER\n").sequence == "AAA"


def test_caps_ions_and_solvent_are_no_residues(tmp_path: Path) -> None:
    text = atom("C", "ACE", 0, (2.0, 1.0, 0.0)) + atom("CH3", "ACE", 0, (1.0, 2.0, 0.0))
    text += PEPTIDE + atom("N", "NME", 4, (15.2, 0.0, 0.0)) + atom("C", "NME", 4, (16.2, 1.0, 0.0))
    text += "TER\n" + atom("CA", "CA", 5, (30.0, 0.0, 0.0)) + atom("O", "SOL", 6, (40.0, 0.0, 0.0))
    protein = read(tmp_path, text)
    assert protein.sequence == "VGS"
    assert "left out of chain 'A': 1 cap ACE, 1 cap NME, 1 ligand CA, 1 water" in protein.notes


def test_an_amino_acid_under_the_name_of_a_base(tmp_path: Path) -> None:
    assert read(tmp_path, chain_of(["GLY", "CYT", "GLY"])).sequence == "GCG"


def test_mmcif_of_programs_that_number_every_residue(tmp_path: Path) -> None:
    rows = cif_rows(["VAL", "GLY"])
    rows += cif_rows(["SAH"], shift=60, label_seq_id=3, auth_seq_id=3)
    rows += cif_rows(["HOH"], shift=90, label_seq_id=4, auth_seq_id=4)[:1]
    protein = read(tmp_path, cif(rows), "cif")
    assert protein.sequence == "VG"
    assert "left out of chain 'A': 1 ligand SAH, 1 water" in protein.notes
    free = [*cif_rows(["VAL", "GLY"]), *cif_rows(["GLU"], chain="B", shift=60, label_seq_id=".", group_PDB="HETATM")]
    assert [one.sequence for one in read_all(tmp_path, cif(free), "cif")] == ["VG"]


def test_generated_backbones_without_any_bond_keep_their_residues(tmp_path: Path) -> None:
    import numpy as np

    backbone = np.random.default_rng(0).uniform(0, 90, (12, 3, 3)).round(3)
    protein = Protein("ACDEFGHIKLMX", backbone.astype(np.float32))
    for extension in ("pdb", "cif", "bcif"):
        protein.to_file(tmp_path / f"y.{extension}")
        (back,) = read_proteins(tmp_path / f"y.{extension}")
        assert isinstance(back, Protein)
        assert back.same_as(protein)
