"""Work shared with further processes gives what it gives alone, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.metrics.smolinstruct.canonical import canonical_components
from biomatrix.metrics.teams import WORKERS, Team, workers_or_default

SMILES = ["OCC", "C(", "c1ccccc1O", "", "\ud800", "N[C@@H](C)C(=O)O"] * 10


def whereabouts(items: Sequence[int]) -> list[int]:
    """Return the process that is asked, once the other may have begun."""
    time.sleep(0.05)
    return [os.getpid() for _ in items]


def refused_elsewhere(items: Sequence[int]) -> list[int]:
    if os.environ.get(WORKERS) == "1":
        raise KeyError("not here")
    return list(items)


def alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_results_come_in_order_from_every_number_of_processes() -> None:
    alone = canonical_components(SMILES)
    for workers in (1, 2, 3):
        with Team(len(SMILES), least=1, workers=workers) as team:
            assert team.map(canonical_components, SMILES, size=7) == alone
            assert team.map(canonical_components, [], size=7) == []


def test_others_share_the_work_and_are_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WORKERS, raising=False)
    with Team(1000, least=1, workers=2) as team:
        found = set(team.map(whereabouts, range(60), size=1))
        assert len(found) == 2
    (other,) = found - {os.getpid()}
    assert not alive(other)


def test_none_is_started_for_little() -> None:
    for team in (Team(99, least=100, workers=8), Team(10_000, least=100, workers=1)):
        assert team.alone


def test_what_fails_elsewhere_is_done_here(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.delenv(WORKERS, raising=False)
    with Team(1000, least=1, workers=2) as team:
        assert team.map(refused_elsewhere, range(50), size=1) == list(range(50))


def test_a_process_that_is_stopped_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WORKERS, raising=False)
    monkeypatch.setattr("biomatrix.metrics.teams._PATIENCE", 0.2)
    with Team(1000, least=1, workers=2) as team:
        os.kill(team._others[0]._process.pid, signal.SIGSTOP)
        assert team.map(refused_elsewhere, range(20), size=1) == list(range(20))


def test_two_threads_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WORKERS, raising=False)
    with Team(1000, least=1, workers=2) as team, ThreadPoolExecutor(2) as pool:
        wanted = [SMILES[:30], SMILES[::-1]]
        found = list(pool.map(lambda part: team.map(canonical_components, part, size=3), wanted))
    assert found == [canonical_components(part) for part in wanted]


def test_nothing_in_the_working_folder_is_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("open('ran', 'w').close()\n")
    monkeypatch.delenv(WORKERS, raising=False)
    monkeypatch.chdir(tmp_path)
    with Team(1000, least=1, workers=2) as team:
        assert len(set(team.map(whereabouts, range(40), size=1))) == 2
    assert not (tmp_path / "ran").exists()


def test_an_error_of_the_work_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS, "1")
    with Team(1000, least=1, workers=2) as team, pytest.raises(KeyError, match="not here"):
        team.map(refused_elsewhere, range(50), size=1)


def test_the_number_is_that_given_or_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS, "3")
    assert (workers_or_default(), workers_or_default(5)) == (3, 5)
    monkeypatch.delenv(WORKERS)
    assert 1 <= workers_or_default() <= 8
    for wrong in ("0", "-1", "two", "1.5", "9" * 5000):
        monkeypatch.setenv(WORKERS, wrong)
        with pytest.raises(ConfigurationError, match="workers"):
            workers_or_default()


def test_a_script_without_a_guard_and_an_interrupt_are_no_trouble() -> None:
    """The main module does not run again in the others, and none outlives an interrupt."""
    code = (
        "import os, signal, threading\n"
        "from biomatrix.metrics.teams import Team\n"
        "import time\n"
        "team = Team(100, 1, workers=2)\n"
        "number = team._others[0]._process.pid\n"
        "threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "try:\n"
        "    with team: time.sleep(10)\n"
        "except KeyboardInterrupt: print(number)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert not alive(int(done.stdout))
    assert not done.stderr
