"""Files and folders take their names whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from biomatrix.entities.files import files_written_aside, folder_written_aside, write_atomically


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
