"""Atom records that are cut, overflow or leave things out are refused with the line, or read by a rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from biomatrix.errors import ParseError

from .builders import atom, chain_of, cif, cif_rows, read, residue

NAMES = ["VAL", "GLY", "SER"]


@pytest.mark.parametrize("ended", ["", "\n"])
def test_a_file_cut_inside_a_coordinate_is_refused(ended: str, tmp_path: Path) -> None:
    text = chain_of(NAMES)
    start = text.rstrip("\n").rfind("\n") + 1
    for columns in range(6, 54):
        with pytest.raises(ParseError, match=r"cut|columns|number") as caught:
            read(tmp_path, text[: start + columns] + ended)
        assert caught.value.position == 9, columns


def test_a_file_cut_anywhere_inside_its_last_record_is_refused(tmp_path: Path) -> None:
    text = chain_of(NAMES).rstrip("\n")
    start = text.rfind("\n") + 1
    for end in range(start + 1, len(text)):
        with pytest.raises(ParseError, match=r"cut|columns|number"):
            read(tmp_path, text[:end])
    assert read(tmp_path, text).sequence == "VGS"
    # A last record without the charge of others, or after which the line end is missing, is whole.
    charged = text.splitlines()
    charged[0] = f"{charged[0]:<78}1-"
    assert read(tmp_path, "\n".join(charged)).sequence == "VGS"


def test_an_mmcif_file_cut_inside_its_last_value_is_refused(tmp_path: Path) -> None:
    rows = cif_rows(NAMES)
    whole = cif(rows, without=["occupancy", "B_iso_or_equiv", "auth_seq_id", "auth_asym_id", "pdbx_PDB_model_num"])
    assert read(tmp_path, whole.rstrip(), "cif").sequence == "VGS"
    for cut in range(2, 5):
        with pytest.raises(ParseError, match="cut inside"):
            read(tmp_path, whole[:-cut], "cif")
    for cut in range(6, 40):
        with pytest.raises(ParseError):
            read(tmp_path, whole[:-cut], "cif")


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        (30, "********", "overflowed"),
        (46, "  1_0.00", "not a number"),
        (22, "****", "overflowed its columns"),
        (22, "    ", "shifted"),
        (22, " 1_0", "shifted"),
    ],
)
def test_fields_that_are_no_numbers_say_why(column: int, text: str, reason: str, tmp_path: Path) -> None:
    line = atom("N", "ALA", 4, (1.0, 2.0, 3.0))
    with pytest.raises(ParseError, match=reason) as caught:
        read(tmp_path, chain_of(NAMES) + line[:column] + text + line[column + len(text) :])
    assert caught.value.position == 10


def test_serial_numbers_past_99999_lose_no_atom(tmp_path: Path) -> None:
    lines = chain_of(NAMES).splitlines()
    plain = read(tmp_path, "\n".join(lines) + "\n")
    for written in (
        [f"ATOM 1{index:05d}" + line[11:] for index, line in enumerate(lines)],  # touches the record's name
        [f"ATOM  1{index:05d}" + line[11:] for index, line in enumerate(lines)],  # moves the rest by one column
        [f"ATOM  1{index:05d}" + line[12:] for index, line in enumerate(lines)],
        ["ATOM  ***** " + line[12:] for line in lines],
        ["ATOM  186a0 " + line[12:] for line in lines],
    ):
        assert read(tmp_path, "\n".join(written) + "\n").same_as(plain)


def test_residue_numbers_past_9999_and_below_0(tmp_path: Path) -> None:
    lines = [residue(number) for number in range(1, 6)]
    for written, numbers in (
        ((9998, 9999, 0, 1, 2), ("9998", "9999", "10000", "10001", "10002")),
        ((-3, -1, 0, 1, 2), ("-3", "-1", "0", "1", "2")),
        (("9999", "A000", "A001", "A002", "A003"), ("9999", "10000", "10001", "10002", "10003")),
    ):
        text = "".join(
            line.replace(f"A{index:>4}", f"A{new:>4}")
            for index, (line, new) in enumerate(zip(lines, written, strict=True), start=1)
        )
        protein = read(tmp_path, text)
        assert protein.numbers == numbers
        assert any("counted on" in note for note in protein.notes) == (written[:3] == (9998, 9999, 0))


def test_no_occupancy_and_occupancies_of_zero_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, chain_of(NAMES, occupancy=0.0)).resolved.all()
    short = "\n".join(line[:54] for line in chain_of(NAMES).splitlines()) + "\n"
    assert read(tmp_path, short).resolved.all()


@pytest.mark.parametrize(
    "without",
    [
        ["auth_seq_id", "auth_asym_id"],
        ["label_seq_id"],
        ["label_asym_id", "label_seq_id", "label_entity_id"],
        ["pdbx_PDB_model_num", "occupancy", "B_iso_or_equiv"],
        ["group_PDB", "id", "type_symbol"],
        ["label_alt_id", "pdbx_PDB_ins_code"],
    ],
)
def test_mmcif_without_columns(without: list[str], tmp_path: Path) -> None:
    protein = read(tmp_path, cif(cif_rows(NAMES), without=without), "cif")
    assert (protein.sequence, protein.chain, protein.numbers, protein.notes) == ("VGS", "A", ("1", "2", "3"), ())


def test_mmcif_values_that_are_not_stated(tmp_path: Path) -> None:
    rows = cif_rows(NAMES)
    assert read(tmp_path, cif([row | {"auth_asym_id": "?", "auth_seq_id": "."} for row in rows]), "cif").chain == "A"
    rows[3] |= {"Cartn_x": "?", "Cartn_y": "?", "Cartn_z": "?"}
    protein = read(tmp_path, cif(rows), "cif")
    assert protein.resolved.tolist() == [True, False, True]
    unnumbered = [row | {"auth_seq_id": "?", "label_seq_id": "."} for row in rows]
    with pytest.raises(ParseError, match="neither auth_seq_id nor label_seq_id"):
        read(tmp_path, cif(unnumbered), "cif")
    with pytest.raises(ParseError, match="whole number"):
        read(tmp_path, cif([row | {"auth_seq_id": "1.5"} for row in rows]), "cif")


def test_mmcif_quotes_text_fields_and_mixed_rows(tmp_path: Path) -> None:
    rows = cif_rows(NAMES)
    rows.insert(1, rows[0] | {"label_atom_id": '"O5\'"', "Cartn_x": "9.000"})
    other = cif_rows(["TRP", "TYR"], chain="B", shift=90)
    mixed = [row for pair in zip(rows, [*other, *[None] * 9], strict=False) for row in pair if row]
    text = cif(mixed).replace("data_x\n", "data_x\n_struct.title\n;a chain's\ntitle\n;\n")
    path = tmp_path / "x.cif"
    path.write_text(text)
    assert [read(tmp_path, text, "cif", chain).sequence for chain in "AB"] == ["VGS", "WY"]


def test_label_chains_of_one_author_chain(tmp_path: Path) -> None:
    rows = [*cif_rows(NAMES), *cif_rows(["TRP", "TYR"], shift=90, label_asym_id="B")]
    with pytest.raises(ParseError, match="2 protein chains"):
        read(tmp_path, cif(rows), "cif")
    assert read(tmp_path, cif(rows), "cif", "B").sequence == "WY"


def test_an_empty_chain_identifier_comes_back(tmp_path: Path) -> None:
    from biomatrix.entities import Protein, read_proteins, write_proteins

    backbone = np.asarray(read(tmp_path, chain_of(NAMES)).backbone)
    for extension in ("pdb", "cif", "bcif"):
        path = tmp_path / f"y.{extension}"
        write_proteins([Protein("VGS", backbone, chain=""), Protein("VGS", backbone, chain="A")], path)
        found = [one for one in read_proteins(path) if isinstance(one, Protein)]
        assert [one.chain for one in found] == ["", "A"]
