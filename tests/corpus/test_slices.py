"""Slice work is done once, is done again when its inputs change, and survives a crash and company."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from biomatrix.corpus.slices import (
    Slice,
    fingerprint,
    make_once,
    put_in_place,
    remove_strays,
    run_slice,
    run_slices,
    temporary_path,
)
from biomatrix.entities.files.claims import ENVIRONMENT, claim_path, claimed, holder, lease_seconds, take
from biomatrix.errors import ConfigurationError

LONG_AGO = 10_000.0


@dataclass(frozen=True)
class Numbered(Slice):
    number: int = 0


def write_number(item: Numbered, folder: Path) -> Mapping[str, Any]:
    (folder / "number.txt").write_text(str(item.number))
    return {"number": item.number}


def refuse(item: Numbered, folder: Path) -> Mapping[str, Any]:
    (folder / "number.txt").write_text("half")
    raise RuntimeError("the power went out")


def items(folder: Path, count: int = 3, version: int = 1) -> list[Numbered]:
    return [Numbered(folder / f"{i:05d}", fingerprint(version, i), i) for i in range(count)]


def make_old(path: Path) -> None:
    past = time.time() - LONG_AGO
    os.utime(path, (past, past))


def test_finished_slices_are_not_done_again(tmp_path: Path) -> None:
    first = run_slices(items(tmp_path), write_number)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.txt")}
    assert run_slices(items(tmp_path), write_number) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.txt")} == stamps


def test_a_changed_input_or_a_lost_file_redoes_the_slice(tmp_path: Path) -> None:
    run_slices(items(tmp_path), write_number)
    (tmp_path / "00001" / "number.txt").write_text("")
    run_slices(items(tmp_path), write_number)
    assert (tmp_path / "00001" / "number.txt").read_text() == "1"
    run_slices(items(tmp_path, version=2), write_number)
    noted = json.loads((tmp_path / "00000" / "done.json").read_text())
    assert noted["fingerprint"] == fingerprint(2, 0)


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        run_slices(items(tmp_path), refuse)
    assert not list(tmp_path.iterdir())


def test_only_what_nobody_works_on_is_removed(tmp_path: Path) -> None:
    run_slices(items(tmp_path), write_number)
    with claimed(tmp_path / "00007") as claim:
        assert claim is not None
        running = temporary_path(tmp_path / "00007", claim.token)
        abandoned, recent = tmp_path / ".00008.dead.tmp", tmp_path / ".00009.dead.tmp"
        for folder in (running, abandoned, recent):
            folder.mkdir()
        for path in (running, abandoned, tmp_path / "00002"):
            make_old(path)
        remove_strays(tmp_path, items(tmp_path, count=1))
        left = {path.name for path in tmp_path.iterdir()} - {claim.path.name}
        assert left == {"00000", "00001", running.name, recent.name}


def test_a_half_written_file_is_removed_a_lease_later(tmp_path: Path) -> None:
    for name in (".manifest.json.0a1b2c3d.part", ".lengths.bin.0a1b2c3d.part", "mine.part"):
        (tmp_path / name).touch()
    for name in (".manifest.json.0a1b2c3d.part", "mine.part"):
        make_old(tmp_path / name)
    remove_strays(tmp_path, ())
    assert {path.name for path in tmp_path.iterdir()} == {".lengths.bin.0a1b2c3d.part", "mine.part"}


def test_a_live_claim_is_respected_and_a_void_one_taken_over(tmp_path: Path) -> None:
    folder = tmp_path / "00000"
    first = take(folder)
    assert first is not None
    assert holder(folder) == first.token
    assert take(folder) is None
    assert run_slice(items(tmp_path)[0], write_number) is None
    make_old(first.path)
    assert holder(folder) is None
    second = take(folder)
    assert second is not None
    assert not first.held
    first.release()  # the former holder, should it wake, leaves the claim of the next one alone
    first.touch()
    assert holder(folder) == second.token
    second.release()
    assert not list(tmp_path.iterdir())


def test_a_claim_is_kept_alive_while_its_holder_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, "0.6")
    with claimed(tmp_path / "00000") as claim:
        assert claim is not None
        time.sleep(1.5)
        assert take(tmp_path / "00000") is None
    assert not claim_path(tmp_path / "00000").exists()


def test_the_first_to_finish_wins(tmp_path: Path) -> None:
    item = items(tmp_path)[0]
    done = run_slice(item, write_number)
    late = temporary_path(item.folder, "late")
    shutil.copytree(item.folder, late)
    (late / "number.txt").write_text("late")
    put_in_place(late, item.folder, lambda: True)
    assert (item.folder / "number.txt").read_text() == "0"
    assert run_slice(item, write_number) == done


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    calls: list[Path] = []

    def make(folder: Path) -> None:
        calls.append(folder)
        folder.mkdir()
        (folder / "whole").touch()

    for _ in range(2):
        make_once(tmp_path / "it", (tmp_path / "it" / "whole").is_file, make)
    assert len(calls) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["it"]


@pytest.mark.parametrize("text", ["soon", "0", "-1"])
def test_a_lease_is_a_number_of_seconds(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, text)
    with pytest.raises(ConfigurationError, match=ENVIRONMENT):
        lease_seconds()


def test_a_worker_whose_folder_was_removed_while_it_paused_works_again(tmp_path: Path) -> None:
    item = items(tmp_path)[0]
    calls = []

    def pause(item: Numbered, folder: Path) -> Mapping[str, Any]:
        calls.append(folder)
        notes = write_number(item, folder)
        if len(calls) == 1:
            shutil.rmtree(folder)
            claim_path(item.folder).unlink()
        return notes

    done = run_slice(item, pause)
    assert done is not None
    assert done["number"] == 0
    assert len(calls) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["00000"]


def test_a_worker_that_paused_keeps_what_another_finished(tmp_path: Path) -> None:
    item = items(tmp_path)[0]

    def pause(item: Numbered, folder: Path) -> Mapping[str, Any]:
        shutil.rmtree(folder)
        claim_path(item.folder).unlink()
        return run_slice(item, write_number) or {}

    done = run_slice(item, pause)
    assert done is not None
    assert done["number"] == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"fingerprint": "x"}', '{"fingerprint": "x", "files": {"a": 1}}'])
def test_a_slice_whose_note_cannot_be_read_is_done_again(content: str, tmp_path: Path) -> None:
    (first,) = run_slices(items(tmp_path, 1), write_number)
    (tmp_path / "00000" / "done.json").write_text(content)
    assert run_slices(items(tmp_path, 1), write_number) == [first]


def test_the_claim_of_a_process_that_is_no_more_is_taken_at_once(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    for pid, free in ((int(done.stdout), True), (os.getpid(), False)):
        content = {"host": socket.gethostname(), "pid": pid, "token": "t"}
        claim_path(tmp_path / "s").write_text(json.dumps(content))
        assert (holder(tmp_path / "s") is None) == free
        claim = take(tmp_path / "s")
        assert (claim is not None) == free
        if claim is not None:
            claim.release()
    claim_path(tmp_path / "s").write_text(json.dumps({**content, "host": "another"}))
    assert take(tmp_path / "s") is None
