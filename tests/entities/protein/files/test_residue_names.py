"""Residue names of simulation programs are read as the amino acids they are states of, in their own chain."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.entities.structure_files.pdb_columns import residues_and_chains
from biomatrix.entities.structure_files.residues import STANDARD, letter_of

from .builders import chain_of, cif, cif_rows, read, read_all, residue

STATES = {
    "H": "HSD HSE HSP HID HIE HIP HISA HISB HISD HISE HISH HIS1 HIS2",
    "C": "CYX CYM CYN CYS1 CYS2 CYSH CYH",
    "D": "ASH ASPH ASPP",
    "E": "GLH GLUH GLUP",
    "K": "LYN LYP LYSH LSN",
    "R": "ARN ARGN",
    "Y": "TYM",
    "N": "NLN",
    "P": "OLP",
    "S": "OLS",
    "T": "OLT",
    "M": "MSE",
}


@pytest.mark.parametrize("chain", ["A", " ", "7"])
@pytest.mark.parametrize("letter", STATES)
def test_states_are_their_parents_in_every_format(letter: str, chain: str, tmp_path: Path) -> None:
    names = STATES[letter].split()
    text = chain_of(["GLY", *names, "GLY"], chain=chain)
    rows = cif_rows(["GLY", *names, "GLY"], chain=chain.strip() or "A")
    for content, extension in ((text, "pdb"), (cif(rows), "cif")):
        protein = read(tmp_path, content, extension)
        assert protein.sequence == f"G{letter * len(names)}G"
        (note,) = protein.notes
        assert all(f"{name} to {letter} (1)" in note for name in names)
    assert read(tmp_path, text).chain == chain.strip()


@pytest.mark.parametrize("end", ["N", "C"])
def test_chain_ends_of_four_letters(end: str, tmp_path: Path) -> None:
    for base in [*STANDARD, "HID", "HIE", "HIP", "CYX", "ASH", "GLH", "LYN", "HYP"]:
        assert letter_of(end + base) == letter_of(base)
        protein = read(tmp_path, residue(1, end + base) + residue(2, "GLY") + residue(3, base))
        assert (len(protein), protein.chain) == (3, "A")
        assert protein.sequence[0] == protein.sequence[2]


def test_d_forms_of_charmm() -> None:
    assert [letter_of(name) for name in ("DALA", "DTRP", "DNAG")] == ["A", "W", None]


def test_chains_of_two_letters_stay_what_they_are(tmp_path: Path) -> None:
    # LYS beside "HA", NVA beside "LA", ASP beside "PB": of the chains that ALA shows to be there.
    for chain, name in (("HA", "LYS"), ("LA", "NVA"), ("PB", "ASP"), ("ab", "TRP")):
        (protein,) = read_all(tmp_path, chain_of(["ALA", name, "GLY"], chain=chain))
        assert (protein.chain, len(protein)) == (chain, 3)
    both = chain_of(["ALA", "LYS"], chain="HA") + "TER\n" + chain_of(["LYSH", "GLY"], chain="B")
    assert [(one.chain, one.sequence) for one in read_all(tmp_path, both)] == [("HA", "AK"), ("B", "KG")]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("ALA A", ("ALA", "A")),
        ("ALA  ", ("ALA", "")),
        ("NVALA", ("NVAL", "A")),
        ("HISE ", ("HISE", "")),
        (" ALAB", ("ALA", "B")),
        (" DA A", ("DA", "A")),
        ("  ABC", ("A", "BC")),
        ("ALAA ", ("ALA", "A")),
        ("POPCX", ("POPC", "X")),
        ("TIP3W", ("TIP3", "W")),
        ("ala b", ("ALA", "b")),
    ],
)
def test_columns_18_to_22(field: str, expected: tuple[str, str]) -> None:
    assert residues_and_chains([field])[field] == expected


def test_homoserine_is_told_from_histidine_by_its_oxygen(tmp_path: Path) -> None:
    text = chain_of(["GLY", "HSE", "GLY"])
    assert read(tmp_path, text).sequence == "GHG"
    lines = text.splitlines(keepends=True)
    lines.insert(6, lines[5].replace(" C  ", " OD "))
    assert read(tmp_path, "".join(lines)).sequence == "GSG"
