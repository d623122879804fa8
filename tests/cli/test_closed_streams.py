"""Standard input that a shell has closed (``<&-``), and folders where one file is written, are told in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def run(words: str, folder: Path, end: str = "") -> subprocess.CompletedProcess[str]:
    command = f'"{sys.executable}" -m biomatrix.cli.main {words} {end}'
    return subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("words", ["encode - --format smi", "decode - -o out.smi", "generate -"])
def test_a_closed_standard_input_is_named(tmp_path: Path, words: str) -> None:
    ended = run(words, tmp_path, "<&-")
    assert ended.returncode == 1
    assert "<stdin>" in ended.stderr
    assert "is closed; give" in ended.stderr
    assert "unexpected" not in ended.stderr


def test_encode_writes_no_file_where_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.smi").write_text("CCO\n")
    ended = run("encode a.smi -q -o new/", tmp_path)
    assert ended.returncode == 1
    assert "new/: names a folder; encode writes all lines to one file" in ended.stderr
    assert not (tmp_path / "new").exists()
