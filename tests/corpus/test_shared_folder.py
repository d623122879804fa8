"""Four processes over one folder, one of them killed midway, leave the bytes that one process alone leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from biomatrix.corpus import CorpusRecipe, build_corpus
from biomatrix.entities.files.claims import ENVIRONMENT

SCRIPT = Path(__file__).parent / "shared_build.py"
PATIENCE = 240.0
LEASE = 3.0


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def wait_for_claim(work: Path, pid: int) -> Path:
    """Return the claim that a process holds on a slice of proteins, once it does."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for path in (work / "records" / "cath_s20").glob(".*.claim"):
            try:
                if json.loads(path.read_text())["pid"] == pid:
                    return path
            except (ValueError, FileNotFoundError):
                continue
        time.sleep(0.05)
    raise AssertionError("the process claimed nothing")


@pytest.mark.slow
def test_a_killed_process_leaves_its_work_to_the_others(data: Path, recipe: CorpusRecipe, tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text(recipe.model_dump_json())
    work = tmp_path / "shared"
    command = [sys.executable, str(SCRIPT), str(tmp_path / "recipe.json"), str(data), str(work)]
    environment = {**os.environ, ENVIRONMENT: str(LEASE)}
    victim = subprocess.Popen([*command, "--stand-still"], env=environment)
    running = [victim]
    try:
        claim = wait_for_claim(work, victim.pid)
        half = list(claim.parent.glob(".*.tmp/records.parquet"))
        running += [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) for _ in range(3)]
        time.sleep(2 * LEASE)  # while it lives nobody takes its claim over, however long it works
        assert json.loads(claim.read_text())["pid"] == victim.pid
        victim.send_signal(signal.SIGKILL)
        for process in running[1:]:
            _, errors = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0, errors.decode()
    finally:
        for process in running:
            process.kill()
            process.wait()
    assert half
    assert not list(work.rglob("*.claim"))
    build_corpus(recipe, data, tmp_path / "alone")
    for step in ("records", "tokens", "vocabulary", "shards"):
        mine = {name: data for name, data in contents(work / step).items() if ".tmp/" not in name}
        assert mine == contents(tmp_path / "alone" / step), step
