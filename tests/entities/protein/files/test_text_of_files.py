"""However the text of a structure file is saved, it holds the same chain."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.errors import ParseError

from .builders import atom, chain_of, cif, cif_rows, read

NAMES = ["VAL", "GLY", "SER", "LEU"]
PDB = "REMARK   1 of a chain\n" + chain_of(NAMES) + "TER\nEND\n"
CIF = cif(cif_rows(NAMES))

WAYS = {
    "mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "mac": lambda text: text.replace("\n", "\r").encode(),
    "dos": lambda text: text.replace("\n", "\r\n").encode(),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-32": lambda text: text.encode("utf-32"),
    "trailing blanks": lambda text: text.replace("\n", "   \n").encode(),
    "no blanks at ends": lambda text: "\n".join(line.rstrip() for line in text.split("\n")).encode(),
    "no end of line": lambda text: text.rstrip().encode(),
    "blank lines": lambda text: ("\n\n" + text + "\n\n").encode(),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("text", "extension"), [(PDB, "pdb"), (CIF, "cif")])
def test_the_chain_is_the_same(text: str, extension: str, way: str, tmp_path: Path) -> None:
    plain = read(tmp_path, text, extension)
    saved = read(tmp_path, WAYS[way](text), extension)
    assert saved.sequence == "VGSL"
    assert saved.same_as(plain, tolerance=0.0)
    assert saved.resolved.all()


def test_atoms_alone_behind_a_byte_order_mark(tmp_path: Path) -> None:
    protein = read(tmp_path, b"\xef\xbb\xbf" + chain_of(NAMES).encode())
    assert protein.sequence == "VGSL"
    assert protein.resolved.all()


def test_remarks_may_hold_any_letters_and_form_feeds(tmp_path: Path) -> None:
    for remark in (b"REMARK  M\xfcller\n", "REMARK Müller\n".encode(), b"REMARK \x0c\x0bATOM  page\x85\n"):
        assert read(tmp_path, remark + PDB.encode()).sequence == "VGSL"


def test_records_and_names_in_lower_case(tmp_path: Path) -> None:
    protein = read(tmp_path, "".join(chain_of(NAMES, chain="b")).lower() + "ter\nend\n")
    assert (protein.sequence, protein.chain) == ("VGSL", "b")
    assert protein.resolved.all()


def test_tabs_and_moved_columns_are_named_with_their_line(tmp_path: Path) -> None:
    line = atom("N", "ALA", 1, (1.0, 2.0, 3.0))
    for broken, reason in (
        (line.replace("   ", "\t", 1), "tab"),
        (" " + line, "first column"),
        (line[:20] + " " + line[20:], "columns"),
    ):
        with pytest.raises(ParseError, match=reason) as caught:
            read(tmp_path, "REMARK\n" + broken)
        assert caught.value.position == 2
