"""Kept hashes are taken over for files that are the same, and never for one that was edited."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from biomatrix.corpus import file_hashes
from biomatrix.corpus.file_hashes import FILE, content_sha256, hashes_kept
from biomatrix.entities.files.hashing import file_sha256


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are read to be hashed, in order."""
    read: list[Path] = []

    def noted(path: Path) -> str:
        read.append(path)
        return file_sha256(path)

    monkeypatch.setattr(file_hashes, "file_sha256", noted)
    return read


def settle(monkeypatch: pytest.MonkeyPatch, seconds: float = 10.0) -> None:
    """Let the clock stand this much later than the files."""
    later = time.time_ns() + int(seconds * 1e9)
    monkeypatch.setattr(file_hashes.time, "time_ns", lambda: later)


def test_a_file_is_read_once(tmp_path: Path, hashed: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"a" * 100)
    settle(monkeypatch)
    for _ in range(3):
        with hashes_kept(tmp_path / "index"):
            assert content_sha256(path) == file_sha256(path)
    assert hashed == [path]


def test_an_edit_of_the_same_size_and_time_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"one")
    settle(monkeypatch)
    before = path.stat()
    with hashes_kept(tmp_path / "index"):
        content_sha256(path)
    time.sleep(0.05)  # longer than the tick of the file system's clock
    path.write_bytes(b"two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with hashes_kept(tmp_path / "index"):
        assert content_sha256(path) == file_sha256(path)


def test_a_file_that_has_just_changed_is_read_again(tmp_path: Path, hashed: list[Path]) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"one")
    for _ in range(2):
        with hashes_kept(tmp_path / "index"):
            content_sha256(path)
    assert len(hashed) == 2


@pytest.mark.parametrize("text", ["", "[]", "{", '{"x": 3}', '{"x": {"state": null}}'])
def test_broken_notes_are_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text.replace("x", str(tmp_path / "data")))
    (tmp_path / "data").write_bytes(b"one")
    with hashes_kept(tmp_path):
        assert content_sha256(tmp_path / "data") == file_sha256(tmp_path / "data")


def test_nothing_is_kept_outside_a_build(tmp_path: Path, hashed: list[Path]) -> None:
    (tmp_path / "data").write_bytes(b"one")
    content_sha256(tmp_path / "data")
    content_sha256(tmp_path / "data")
    assert len(hashed) == 2


def test_many_small_files_are_noted_together_and_a_long_one_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch)
    written: list[int] = []
    monkeypatch.setattr(file_hashes, "write_whole", lambda place, content: written.append(len(content)))
    paths = [tmp_path / f"data{number}" for number in range(50)]
    with hashes_kept(tmp_path / "index"):
        for path in paths:
            path.write_bytes(b"a")
            content_sha256(path)
        assert not written
        hours = time.monotonic() + 3600
        monkeypatch.setattr(file_hashes.time, "monotonic", lambda: hours)
        (tmp_path / "long").write_bytes(b"b")
        content_sha256(tmp_path / "long")
        assert len(written) == 1
    assert len(written) == 1
