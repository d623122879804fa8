"""Files of many records: complete or absent, and never lost to one record that cannot be written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from biomatrix.entities import Entity, Molecule, kind, read, write_entities
from biomatrix.entities.writers import CollectingWriter
from biomatrix.errors import BioMatrixError, UnsupportedError

Refused = list[tuple[int, str]]


def molecules(*smiles: str) -> list[Molecule]:
    return [Molecule.from_smiles(text, f"m{number}") for number, text in enumerate(smiles)]


@pytest.mark.parametrize("file_format", ["smi", "selfies", "sdf"])
def test_piece_by_piece_gives_the_bytes_of_the_whole(tmp_path: Path, file_format: str) -> None:
    given = molecules("CCO", "c1ccccc1", "[Na+].[Cl-]")
    kind("molecule").write(given, tmp_path / f"whole.{file_format}", file_format)
    with kind("molecule").writer(tmp_path / f"pieces.{file_format}", file_format, lambda *_: None) as writer:
        for number, one in enumerate(given):
            writer.write(one, number)
    assert writer.count == 3
    pieces, whole = tmp_path / f"pieces.{file_format}", tmp_path / f"whole.{file_format}"
    assert pieces.read_bytes() == whole.read_bytes()


def test_an_error_in_the_block_leaves_no_file(tmp_path: Path) -> None:
    def stop_in_the_middle() -> None:
        with kind("molecule").writer(tmp_path / "out.smi", "smi", lambda *_: None) as writer:
            writer.write(molecules("CCO")[0], 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stop_in_the_middle()
    assert not list(tmp_path.iterdir())


def test_nothing_to_write_is_no_file(tmp_path: Path) -> None:
    refused: Refused = []
    with kind("molecule").writer(tmp_path / "out.selfies", "selfies", lambda n, e: refused.append((n, e.message))) as w:
        w.write(molecules("*CC")[0], 7)
    assert [number for number, _ in refused] == [7]
    assert w.count == 0
    assert not list(tmp_path.iterdir())


def test_formats_that_are_only_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="mol2"):
        kind("molecule").writer(tmp_path / "out.mol2", "mol2", lambda *_: None)


@pytest.mark.parametrize("bad", [[], [0], [9], [3, 4], list(range(10))])
def test_whole_files_keep_all_that_they_can_hold(tmp_path: Path, bad: list[int]) -> None:
    given = molecules(*("C" * length for length in range(1, 11)))
    written: list[list[str]] = []
    refused: Refused = []

    def write_all(entities: Sequence[Entity]) -> None:
        if any(entity.name in {f"m{number}" for number in bad} for entity in entities):
            raise UnsupportedError("one of these")
        written.append([entity.name for entity in entities])

    def refuse(number: int, error: BioMatrixError) -> None:
        refused.append((number, error.message))

    with CollectingWriter(tmp_path / "out", write_all, refuse) as writer:
        for number, one in enumerate(given):
            writer.write(one, number)
    assert [number for number, _ in refused] == bad
    assert writer.count == 10 - len(bad)
    assert (written[-1] if written else []) == [f"m{number}" for number in range(10) if number not in bad]


@pytest.mark.parametrize("name", ["molecule", "protein"])
def test_another_name_changes_nothing_else(name: str) -> None:
    for example in kind(name).examples():
        other = kind(name).named(example.entity, "another")
        assert other.name == "another"
        assert kind(name).to_bytes(other) == kind(name).to_bytes(example.entity)


@pytest.mark.parametrize("file_format", ["smi", "selfies", "sdf", "mol"])
@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("|x|", {"sdf": "|x|", "mol": "|x|", "": "x|"}),
        ("| |", {"sdf": "| |", "mol": "| |", "": ""}),
        ("$$$$", {"sdf": "", "mol": "", "": "$$$$"}),
        ("$$$$ a", {"sdf": "a", "mol": "a", "": "$$$$ a"}),
        ("$5", {"": "$5"}),
        ("> <field>", {"": "> <field>"}),
        ("# a\n$$$$\n", {"": "# a $$$$"}),
        ("M  END", {"": "M END"}),
    ],
)
def test_a_record_survives_any_name(tmp_path: Path, file_format: str, name: str, kept: dict[str, str]) -> None:
    path = tmp_path / f"x.{file_format}"
    molecule = Molecule(Molecule.from_smiles("C[C@H](N)O").mol, name)
    write_entities([molecule] * (1 if file_format == "mol" else 2), path)
    for back in read(path):
        assert isinstance(back, Molecule)
        assert back.smiles == molecule.smiles
        assert back.name == kept.get(file_format, kept[""])
        assert not list(back.mol.GetPropNames())
    assert len(read(path)) == (1 if file_format == "mol" else 2)
    assert not read(path).rejects
