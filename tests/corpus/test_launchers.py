"""Whoever does the work, processes, a Ray cluster or the tasks of a SLURM array, the bytes are those of one process."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from biomatrix.corpus import CorpusRecipe, build_corpus
from biomatrix.corpus.launching import SHARE, LocalProcesses, beginning
from biomatrix.corpus.slurm import SlurmArray
from biomatrix.entities.files.claims import ENVIRONMENT
from biomatrix.errors import ConfigurationError

from .text_corpus import BROKEN, contents, write_corpus

FAKE_SBATCH = """#!/bin/bash
# Runs the tasks of an array side by side on this machine, as a cluster would on many.
set -e
last=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\)$/\\1/p' "$1")
for task in $(seq 0 "$last"); do SLURM_ARRAY_TASK_ID=$task bash "$1" >"$1.$task.log" 2>&1 & jobs+=($!); done
for job in "${jobs[@]}"; do wait "$job"; done
echo "Submitted batch job 1"
"""
PATIENCE = 300.0


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe and data."""
    return write_corpus(tmp_path_factory.mktemp("corpus")).parent


@pytest.fixture(scope="module")
def alone(corpus: Path) -> dict[str, bytes]:
    """What one process alone builds."""
    build_corpus(CorpusRecipe.from_file(corpus / "recipe.toml"), corpus / "data", corpus / "alone")
    return contents(corpus / "alone")


def command(corpus: Path, work: Path) -> list[str]:
    build = ["corpus", "build", str(corpus / "recipe.toml"), "--data", str(corpus / "data"), "--output", str(work)]
    return [sys.executable, "-m", "biomatrix.cli.main", *build, "--quiet"]


def test_a_bad_record_costs_one_line(alone: dict[str, bytes]) -> None:
    rejects = b"".join(data for name, data in alone.items() if name.endswith("rejects.jsonl"))
    assert rejects.count(b"\n") == 1
    assert f'"{BROKEN}"'.encode() in rejects


def test_a_process_begins_at_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    assert beginning(10) == 0
    monkeypatch.setenv(SHARE, "3/4")
    assert beginning(10) == 7
    assert beginning(0) == 0
    for text in ("4/4", "x", "1/", "-1/2", "1/0"):
        monkeypatch.setenv(SHARE, text)
        with pytest.raises(ConfigurationError, match=SHARE):
            beginning(10)


def test_no_workers_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 1"):
        LocalProcesses(0)


def own_number(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


@pytest.mark.slow
def test_processes_stand_from_one_crew_to_the_next_and_end_with_the_block() -> None:
    launcher = LocalProcesses(2)
    seen = []
    with launcher.standing():
        for _ in range(2):
            with launcher.crew(4) as crew:
                seen.append({number for _, number in crew(own_number, [0.3] * 4)})
    assert seen[0] == seen[1]
    assert len(seen[0]) == 2
    assert os.getpid() not in seen[0]
    for number in seen[0]:
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)


def test_one_worker_is_this_process() -> None:
    launcher = LocalProcesses(1)
    with launcher.standing(), launcher.crew(3) as crew:
        assert list(crew(own_number, [0.0])) == [(0, os.getpid())]


LEADER = """
import os, pathlib, sys, time
from biomatrix.corpus.launching import LocalProcesses

def work(folder):
    (pathlib.Path(folder) / str(os.getpid())).touch()
    time.sleep(60)

if __name__ == "__main__":
    with LocalProcesses(2).crew(2) as crew:
        list(crew(work, sys.argv[1:] * 2))
"""


@pytest.mark.slow
def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    folder = tmp_path / "numbers"
    folder.mkdir()
    (tmp_path / "leader.py").write_text(LEADER)
    leader = subprocess.Popen([sys.executable, str(tmp_path / "leader.py"), str(folder)])
    until(lambda: len(list(folder.iterdir())) == 2)
    workers = [int(path.name) for path in folder.iterdir()]
    leader.kill()
    leader.wait()
    until(lambda: not any(is_running(number) for number in workers))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE / 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(number: int) -> bool:
    """Return whether a process is there and not merely waited for."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")


def test_a_script_without_sbatch_is_written_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    array = SlurmArray(8, 2, ("--partition=cpu",))
    said = array.submit(["corpus", "build", "a recipe.toml"], tmp_path / "work")
    script = (tmp_path / "work/slurm/build.sbatch").read_text()
    assert said == f"sbatch {tmp_path}/work/slurm/build.sbatch"
    assert {"#SBATCH --array=0-7", "#SBATCH --partition=cpu", "#SBATCH --cpus-per-task=2"} <= set(script.splitlines())
    assert "corpus build 'a recipe.toml'" in script


@pytest.mark.parametrize("option", ["partition=cpu", "--a=b\nrm -rf x", ""])
def test_what_is_no_option_of_sbatch_is_refused(option: str) -> None:
    with pytest.raises(ConfigurationError, match="not an option of sbatch"):
        SlurmArray(1, 1, (option,))


@pytest.mark.exhaustive
def test_the_tasks_of_an_array_build_the_same_bytes(corpus: Path, alone: dict[str, bytes], tmp_path: Path) -> None:
    fake = tmp_path / "bin" / "sbatch"
    fake.parent.mkdir()
    fake.write_text(FAKE_SBATCH)
    fake.chmod(0o755)
    environment = {**os.environ, "PATH": f"{fake.parent}:{os.environ['PATH']}"}
    work = tmp_path / "work"
    call = [*command(corpus, work), "--launcher", "slurm", "--array-tasks", "2"]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr + "".join(path.read_text() for path in work.rglob("*.log"))
    assert "Submitted batch job 1" in done.stdout
    assert contents(work) == alone


@pytest.mark.exhaustive
def test_a_ray_cluster_builds_the_same_bytes(corpus: Path, alone: dict[str, bytes], tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra 'scale' is not installed")
    call = [*command(corpus, tmp_path / "work"), "--launcher", "ray", "--workers", "2"]
    done = subprocess.run(call, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "work") == alone


@pytest.mark.exhaustive
def test_four_processes_killed_at_random_moments_build_the_same_bytes(
    corpus: Path, alone: dict[str, bytes], tmp_path: Path
) -> None:
    chance = random.Random(0)
    work, lease = tmp_path / "work", 2.0
    environment = {**os.environ, ENVIRONMENT: str(lease)}
    kills, begun, running = 0, 0, list[subprocess.Popen[bytes]]()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and (begun < 4 or running):
        while begun - kills < 4:
            running.append(subprocess.Popen(command(corpus, work), env=environment, stderr=subprocess.DEVNULL))
            begun += 1
        time.sleep(chance.uniform(2.0, 5.0))
        if kills < 6 and running:
            victim = chance.choice(running)
            victim.send_signal(signal.SIGKILL)
            kills += victim.wait() == -signal.SIGKILL
            running.remove(victim)
        for process in [one for one in running if one.poll() is not None]:
            assert process.returncode == 0
            running.remove(process)
    for process in running:
        process.kill()
    assert not running
    assert kills
    assert contents(work) == alone


STOPPED = """
import functools, sys, time
from pathlib import Path
from biomatrix.corpus.launching import LocalProcesses
from biomatrix.entities.files.stopping import end_on_signals

def work(item, folder):
    Path(folder, str(item)).touch()
    time.sleep(0.3)

if __name__ == "__main__":
    end_on_signals()
    launcher = LocalProcesses(2)
    with launcher.standing(), launcher.crew(200) as crew:
        for _ in crew(functools.partial(work, folder=sys.argv[1]), range(200)):
            pass
"""


def test_processes_that_are_asked_to_end_begin_nothing_more(tmp_path: Path) -> None:
    script, begun = tmp_path / "stopped.py", tmp_path / "begun"
    script.write_text(STOPPED)
    begun.mkdir()
    process = subprocess.Popen([sys.executable, str(script), str(begun)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while len(list(begun.iterdir())) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    before = len(list(begun.iterdir()))
    assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert before <= len(list(begun.iterdir())) < before + 20
