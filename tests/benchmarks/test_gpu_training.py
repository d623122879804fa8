"""The script for a card runs on a CPU, dry, without the chemistry that a card's machine may lack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCKED = ("rdkit", "biotite", "selfies", "gemmi", "pyarrow", "posebusters", "typer")
BLOCK = f"""
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BLOCKED!r}:
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Blocked())
"""


def dry_run(folder: Path, *options: str) -> tuple[int, dict]:
    (folder / "sitecustomize.py").write_text(BLOCK)
    command = [sys.executable, str(ROOT / "benchmarks" / "gpu_training.py"), "--dry-run", "--output", str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT / "src")))}
    done = subprocess.run([*command, *options], capture_output=True, text=True, env=environment, check=False)
    return done.returncode, json.loads((folder / "table.json").read_text())


@pytest.mark.exhaustive
def test_every_row_is_tried(tmp_path: Path) -> None:
    code, table = dry_run(tmp_path)
    failed = [row for rows in table["parts"].values() for row in rows if "failed" in row]
    assert not failed
    assert code == 0
    assert [len(rows) for rows in table["parts"].values()] == [1, 2, 5, 13, 7]
    assert all(table["agreement"][part]["right"] for part in ("qwen", "nano"))
    assert "+ batches built ahead" in (tmp_path / "table.md").read_text()


def test_what_there_was_no_time_for_is_said(tmp_path: Path) -> None:
    code, table = dry_run(tmp_path, "--seconds", "0", "--parts", "nano")
    assert code == 1
    assert {row["failed"] for row in table["parts"]["nano"]} == {"no time was left"}
