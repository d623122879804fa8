"""Folders take their names whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from biomatrix.entities.files.folders import check_folder, files_written_aside, folder_written_aside, make_folder
from biomatrix.errors import ConfigurationError


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
    with pytest.raises(ConfigurationError, match="o space"), folder_written_aside(target) as aside:
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
    with pytest.raises(ConfigurationError, match="error"), folder_written_aside(target) as aside:
        (aside / "new").write_text("x")
    assert names(target) == ["old"]
    assert names(tmp_path) == ["run"]
    monkeypatch.undo()
    target.rename(tmp_path / ".run.old")  # as a writer stopped between the two moves leaves it
    with pytest.raises(ConfigurationError, match="o space"), folder_written_aside(target) as aside:
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
    with pytest.raises(ConfigurationError, match="o space"), files_written_aside(tmp_path) as aside:
        written_half(aside / "config")
    assert (tmp_path / "config").read_text() == "old"
    with files_written_aside(tmp_path) as aside:
        (aside / "config").write_text("new")
    assert names(tmp_path) == ["config", "weights"]
    assert (tmp_path / "config").read_text() == "new"


def test_a_folder_to_write_in_is_made_or_refused(tmp_path: Path) -> None:
    assert make_folder(tmp_path / "deep" / "inside").is_dir()
    assert make_folder(tmp_path / "deep") == tmp_path / "deep"
    assert names(tmp_path / "deep") == ["inside"]
    (tmp_path / "file").write_text("x")
    for name, words in {"file": "is a file", "file/below": "file: is a file", "n" * 300: "too long"}.items():
        with pytest.raises(ConfigurationError, match=words):
            make_folder(tmp_path / name)
    with pytest.raises(ConfigurationError, match="a device or a pipe"):
        make_folder("/dev/null")


def test_what_libraries_say_of_a_full_disk_is_named(tmp_path: Path) -> None:
    rust = RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")
    with (
        pytest.raises(ConfigurationError, match="aside: cannot be written: No space"),
        folder_written_aside(tmp_path / "aside"),
    ):
        raise rust
    with pytest.raises(RuntimeError, match="another"), files_written_aside(tmp_path):
        raise RuntimeError("another")
    assert names(tmp_path) == []


def test_a_folder_that_can_be_made_is_not_made(tmp_path: Path) -> None:
    assert check_folder(tmp_path / "deep" / "run") == tmp_path / "deep" / "run"
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("file", "file: is a file, not a folder; pick one"),
        ("file/run/deep", "file: is a file, not a folder; pick one"),
        ("dangling", "dangling: is a symbolic link that leads nowhere, not a folder"),
        ("a" * 300, "cannot be written: File name too long"),
    ],
)
def test_what_is_no_folder_is_named_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    for action in (check_folder, make_folder):
        with pytest.raises(ConfigurationError, match=said.partition("; pick")[0]):
            action(path)
    if "; pick" in said:
        with pytest.raises(ConfigurationError, match=said):
            check_folder(path, "pick one")
