"""A residue is read from one conformer, in PDB, mmCIF and BinaryCIF alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import biotite.structure.io.pdbx as pdbx
import numpy as np
import pytest

from biomatrix.entities import Protein
from biomatrix.entities.protein.files.binary import _category

from .builders import atom, cif, cif_rows, places, read, residue

Part = tuple[str, str, float]
"""Atom, alternate location, occupancy."""
SHIFTS = {"": 0.0, "A": 0.25, "B": 0.5, "C": 0.75}


def pdb(parts: Sequence[Part]) -> str:
    middle = "".join(
        atom(name, "ALA", 2, places(2, SHIFTS[mark])[name], alternate=mark or " ", occupancy=occupancy)
        for name, mark, occupancy in parts
    )
    return residue(1) + middle + residue(3) + "TER\n"


def mmcif(parts: Sequence[Part]) -> str:
    rows = cif_rows(["ALA", "ALA", "ALA"])
    middle = []
    for name, mark, occupancy in parts:
        x, y, z = places(2, SHIFTS[mark])[name]
        at = {"Cartn_x": x, "Cartn_y": y, "Cartn_z": z, "label_alt_id": mark or ".", "occupancy": occupancy}
        middle.append(rows[3] | {"label_atom_id": name} | at)
    return cif([*rows[:3], *middle, *rows[6:]])


def every_format(parts: Sequence[Part], tmp_path: Path) -> list[Protein]:
    text = mmcif(parts)
    path = tmp_path / "x.cif"
    path.write_text(text)
    block = pdbx.CIFFile.read(path).block
    binary = pdbx.BinaryCIFFile({"x": pdbx.BinaryCIFBlock({"atom_site": _category(pdbx, block["atom_site"])})})
    binary.write(tmp_path / "x.bcif")
    return [read(tmp_path, pdb(parts)), read(tmp_path, text, "cif"), Protein.from_file(tmp_path / "x.bcif")]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        # B lacks N: the complete conformer, though B is better occupied.
        ("N A .3, CA A .3, CA B .7, C A .3, C B .7", "AAA"),
        # N is labelled A alone; A is whole.
        ("N A 1, CA A .5, CA B .5, C A .5, C B .5", "AAA"),
        # What carries no identifier is of every conformer.
        ("N - 1, CA A .3, CA B .7, C A .3, C B .7", "-BB"),
        ("N - 1, CA - 1, C A .4, C B .6", "--B"),
        # A conformer without an identifier beside B.
        ("N - .6, CA - .6, CA B .4, C - .6, C B .4", "---"),
        ("N - .4, CA - .4, CA B .6, C - .4, C B .6", "---"),  # B has no N
        ("N - 1, CA - .4, CA B .6, C - .4, C B .6", "-BB"),  # N is of both
        ("N - .4, N B .6, CA - .4, CA B .6, C - .4, C B .6", "BBB"),
        # Occupancy, then the alphabet.
        ("N A .4, N B .6, CA A .4, CA B .6, C A .4, C B .6", "BBB"),
        ("N B .5, CA B .5, C B .5, N A .5, CA A .5, C A .5", "AAA"),
        ("N A 0, CA A 0, C A 0, N B 0, CA B 0, C B 0", "AAA"),
        ("N A .2, CA A .2, C A .2, N B .3, CA B .3, C B .3, N C .5, CA C .5", "BBB"),
        # No conformer is whole: what the kept one lacks is missing, never another's.
        ("N A .6, CA B .4, C B .4", "xBB"),
    ],
)
def test_one_conformer_is_kept(parts: str, expected: str, tmp_path: Path) -> None:
    read_parts: list[Part] = []
    for part in parts.split(", "):
        name, mark, occupancy = part.split()
        read_parts.append((name, mark.strip("-"), float(occupancy)))
    for protein in every_format(read_parts, tmp_path):
        assert protein.backbone is not None
        for place, (name, mark) in enumerate(zip(("N", "CA", "C"), expected, strict=True)):
            position = protein.backbone[1, place]
            if mark == "x":
                assert np.isnan(position).all()
                continue
            np.testing.assert_allclose(position, places(2, SHIFTS[mark.strip("-")])[name], atol=1e-3)
        (note,) = (note for note in protein.notes if "alternate locations in 1 residues" in note)
        kept = set(expected) - {"-", "x"}
        assert note.endswith(f"({kept.pop()} in 1)" if kept else "(the one without an identifier in 1)")


def test_a_partial_conformer_that_is_passed_over_is_said(tmp_path: Path) -> None:
    parts = [("N", "A", 0.3), ("CA", "A", 0.3), ("CA", "B", 0.7), ("C", "A", 0.3), ("C", "B", 0.7)]
    assert any("better occupied alternate location lacks" in note for note in read(tmp_path, pdb(parts)).notes)


def test_copies_of_a_residue_without_identifiers_are_not_mixed(tmp_path: Path) -> None:
    copies = residue(2, occupancy=0.4) + residue(2, shift=0.5, occupancy=0.6)
    protein = read(tmp_path, residue(1) + copies + residue(3))
    assert protein.backbone is not None
    np.testing.assert_allclose(protein.backbone[1], list(places(2, 0.5).values()), atol=1e-3)
    assert "backbone atoms named twice in 1 residues: the best occupied, else the first, kept" in protein.notes
