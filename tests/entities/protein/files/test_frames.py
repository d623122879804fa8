"""Files of several frames: the first is read, whatever parts them, and the rest is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.entities import Protein
from biomatrix.errors import ParseError

from .builders import chain_of, cif, cif_rows, read, read_all, residue

NAMES = ["VAL", "GLY", "SER"]


def frame(shift: float, **columns: object) -> str:
    return chain_of(NAMES, shift=shift, **columns)


@pytest.mark.parametrize("chain", ["A", " "])
@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("", "END\n", "frames parted by END"),
        ("CRYST1   10.000\n", "TER\nEND\n", "frames parted by END"),
        ("", "ENDMDL\n", "models"),
        ("MODEL        1\n", "", "models"),  # no ENDMDL
        ("MODEL        1\n", "TER\nENDMDL\n", "models"),  # every model is number 1
        ("MODEL 1\n", "END\n", "models"),
        ("model        1\n", "endmdl\n", "models"),
    ],
)
def test_the_first_of_three(before: str, after: str, what: str, chain: str, tmp_path: Path) -> None:
    text = "".join(before + frame(shift, chain=chain) + after for shift in (0.0, 5.0, 9.0))
    (protein,) = read_all(tmp_path, text)
    assert protein.notes == (f"the first of 3 {what}",)
    assert protein.same_as(read(tmp_path, frame(0.0, chain=chain)))


def test_structures_put_behind_one_another_are_not_taken_for_frames(tmp_path: Path) -> None:
    for others in (chain_of(["TRP", "TYR"]), chain_of(NAMES, chain="B"), frame(3.0) + residue(4)):
        protein = read(tmp_path, frame(0.0) + "END\n" + others + "END\n")
        (note,) = protein.notes
        assert note.startswith("the first of 2 frames parted by END; the others hold other atoms")
    (note,) = read(tmp_path, frame(0.0) + residue(4) + "END\n" + frame(3.0)).notes
    assert "other atoms" in note


def test_one_end_at_the_end_is_one_frame(tmp_path: Path) -> None:
    assert read(tmp_path, "HEADER\n" + frame(0.0) + "TER\nEND\n\n").notes == ()
    assert read(tmp_path, "MODEL        1\n" + frame(0.0) + "TER\nENDMDL\nEND\n").notes == ()


def test_frames_that_nothing_parts_are_refused_with_both_reasons(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="several chains, or holds several frames"):
        read(tmp_path, frame(0.0) + frame(3.0))


def test_models_of_mmcif(tmp_path: Path) -> None:
    same = cif([*cif_rows(NAMES, model=5), *cif_rows(NAMES, model=7, shift=9.0)])
    assert read(tmp_path, same, "cif").notes == ("the first of 2 models",)
    other = cif([*cif_rows(NAMES), *cif_rows(["GLY"], chain="B", model=2)])
    (note,) = read(tmp_path, other, "cif").notes
    assert "the others hold other atoms" in note


def test_segments_of_charmm_are_chains_where_identifiers_are_not(tmp_path: Path) -> None:
    first, second = chain_of(NAMES, segment="PROA", chain=" "), chain_of(["TRP"], segment="PROB", chain=" ")
    found = read_all(tmp_path, first + second)
    assert [(one.chain, one.sequence) for one in found] == [("PROA", "VGS"), ("PROB", "W")]
    assert all("segment identifiers, PROA, PROB" in one.notes[0] for one in found)
    both = chain_of(NAMES, segment="PROA", chain="P") + chain_of(NAMES, segment="PROB", chain="P", shift=90)
    assert [one.chain for one in read_all(tmp_path, both)] == ["PROA", "PROB"]
    gap = residue(1, segment="P1", chain="P") + residue(2, segment="P2", chain="P")
    assert [one.chain for one in read_all(tmp_path, gap)] == ["P"]
    charges = residue(1, segment=" 0.1", chain=" ") + residue(2, segment="-0.2", chain=" ")
    assert [one.chain for one in read_all(tmp_path, charges)] == [""]


def test_data_blocks(tmp_path: Path) -> None:
    one = cif(cif_rows(NAMES), block="one")
    two = cif(cif_rows(["TRP"], chain="B"), block="two")
    ligand = cif(cif_rows(["LIG"], chain="L", label_seq_id=".", group_PDB="HETATM"), block="ligand")
    bare = "data_bare\n_cell.length_a 10\n"
    protein = read(tmp_path, one + two, "cif")
    assert (protein.sequence, protein.chain) == ("VGS", "A")
    assert protein.notes == ("the data block 'one' of 2 with atoms; left out: 'two', which need files of their own",)
    assert read(tmp_path, bare + one + bare.replace("bare", "more"), "cif").notes == ()
    (note,) = read(tmp_path, ligand + one, "cif").notes
    assert "the data block 'one' of 2" in note
    with pytest.raises(ParseError, match=r"no protein chain 'B'.*data block 'one' of 2"):
        Protein.from_file(tmp_path / "x.cif", "B")
    with pytest.raises(ParseError, match="_atom_site"):
        read(tmp_path, bare, "cif")
    with pytest.raises(ParseError, match="duplicate"):
        read(tmp_path, one + two.replace("data_two", "data_one"), "cif")
