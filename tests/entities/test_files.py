"""Files and folders take their names whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from biomatrix.entities import Entity, Molecule, Protein, kind_of, read
from biomatrix.entities.files import read_lines
from biomatrix.entities.folders import files_written_aside, folder_written_aside
from biomatrix.entities.writing import write_atomically, write_whole
from biomatrix.errors import ConfigurationError

MOL2 = """@<TRIPOS>MOLECULE
methanol
 2 1 0 0 0
SMALL
NO_CHARGES

@<TRIPOS>ATOM
 1 C1 0.0000 0.0000 0.0000 C.3 1 UNL 0.0
 2 O1 1.4000 0.0000 0.0000 O.3 1 UNL 0.0
@<TRIPOS>BOND
 1 1 2 1
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def written_half(path: Path) -> None:
    """Begin a file and fail as a full disk does."""
    path.write_text("half")
    raise OSError(errno.ENOSPC, "no space left")


def test_a_folder_replaces_the_one_before_only_when_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "checkpoint"
    for content in ("first", "second"):
        with folder_written_aside(target) as aside:
            (aside / content).write_text(content)
            assert not (target / content).exists()
        assert names(target) == [content]
    with pytest.raises(OSError, match="no space"), folder_written_aside(target) as aside:
        written_half(aside / "half")
    assert names(target) == ["second"]
    assert names(target.parent) == ["checkpoint"]


def test_the_folder_before_stays_until_the_new_one_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "run"
    target.mkdir()
    (target / "old").write_text("x")
    move = Path.replace

    def refused(self: Path, to: Path) -> Path:
        if self.name.endswith(".part"):
            raise OSError(errno.EIO, "broken")
        return move(self, to)

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(OSError, match="broken"), folder_written_aside(target) as aside:
        (aside / "new").write_text("x")
    assert names(target) == ["old"]
    assert names(tmp_path) == ["run"]
    monkeypatch.undo()
    target.rename(tmp_path / ".run.old")  # as a writer stopped between the two moves leaves it
    with pytest.raises(OSError, match="no space"), folder_written_aside(target) as aside:
        written_half(aside / "new")
    assert names(target) == ["old"]


def test_what_no_folder_can_replace_is_refused_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    before = names(tmp_path)
    said = {"": "no name", ".": "no name", "..": "no name", "file": "is a file"}
    for name, words in {**said, "link": "symbolic link", "dangling": "symbolic link"}.items():
        with pytest.raises(ConfigurationError, match=words), folder_written_aside(name):
            pytest.fail("work was begun")
    assert names(tmp_path) == before


def test_known_files_of_an_older_writer_go(tmp_path: Path) -> None:
    for name in ("a.json", "b.json", "notes"):
        (tmp_path / name).write_text("old")
    with files_written_aside(tmp_path, ("a.json", "*.json")) as aside:
        (aside / "a.json").write_text("new")
        assert names(tmp_path)[1:] == ["a.json", "b.json", "notes"]
    assert names(tmp_path) == ["a.json", "notes"]


@pytest.mark.parametrize("name", ["x.txt", "x.txt.gz"])
def test_a_byte_order_mark_is_no_part_of_a_line(tmp_path: Path, name: str) -> None:
    content = "\ufeffCCO one\r\n\ufeffCC\n".encode()
    write_whole(tmp_path / name, content)
    assert list(read_lines(tmp_path / name)) == ["CCO one", "CC"]


@pytest.mark.parametrize("extension", ["smi", "sdf", "mol2", "fasta", ""])
def test_files_with_a_byte_order_mark_are_read(tmp_path: Path, extension: str) -> None:
    of_fasta = extension in ("fasta", "")
    entity = Protein("MKV", name="x") if of_fasta else Molecule.from_smiles("CCO").embed(seed=0)
    plain = tmp_path / f"x.{extension or 'fasta'}"
    if extension == "mol2":
        plain.write_text(MOL2)
    else:
        entity.to_file(plain)
    marked = tmp_path / (f"marked.{extension}" if extension else "marked")
    marked.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes())
    (expected,), (found,) = ([*read(path)] for path in (plain, marked))
    assert isinstance(found, Entity)
    of = kind_of(found)
    assert of.to_bytes(found) == of.to_bytes(expected)


def test_what_a_stopped_writer_left_goes_and_other_writers_stay(tmp_path: Path) -> None:
    target = tmp_path / "slice"
    for stray in (".slice.part", ".slice.7.part"):
        (tmp_path / stray).mkdir()
        (tmp_path / stray / "old").write_text("x")
    with folder_written_aside(target) as aside:
        assert names(aside) == []
    assert names(tmp_path) == [".slice.7.part", "slice"]


def test_files_join_those_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "weights").write_text("w")
    (tmp_path / "config").write_text("old")
    with pytest.raises(OSError, match="no space"), files_written_aside(tmp_path) as aside:
        written_half(aside / "config")
    assert (tmp_path / "config").read_text() == "old"
    with files_written_aside(tmp_path) as aside:
        (aside / "config").write_text("new")
    assert names(tmp_path) == ["config", "weights"]
    assert (tmp_path / "config").read_text() == "new"


def test_a_file_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(b"before")
    with pytest.raises(OSError, match="no space"), write_atomically(path):
        written_half(next(tmp_path.glob(".x.txt.*")))
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["x.txt"]
