"""Slice work is done once, is done again when its inputs change, and survives a crash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from biomatrix.corpus.slices import Slice, fingerprint, remove_strays, run_slices


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


def test_a_crash_leaves_nothing_under_a_final_name(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        run_slices(items(tmp_path), refuse)
    assert not [path for path in tmp_path.iterdir() if not path.name.startswith(".")]
    run_slices(items(tmp_path), write_number)
    remove_strays(tmp_path, items(tmp_path, count=2))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000", "00001"]
