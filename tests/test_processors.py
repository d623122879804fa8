"""Threads are chosen by the work, wait asleep, and what the user has set stays."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from biomatrix import processors
from biomatrix.processors import WORK_PER_THREAD, threads_for, threads_worth

SOURCE = Path(__file__).resolve().parents[1] / "src"
NANO_STEP = 2 * 14_608_512


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Make this process look like one of eight processors in which nobody has chosen a number of threads."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(8)
    yield 8
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("work", "available", "threads"),
    [
        (0, 8, 1),
        (NANO_STEP, 8, 1),
        (8 * NANO_STEP, 8, 1),
        (3200 * NANO_STEP, 8, 8),
        (WORK_PER_THREAD, 8, 2),
        (3 * WORK_PER_THREAD, 2, 2),
        (3 * WORK_PER_THREAD, 1, 1),
    ],
)
def test_a_thread_for_so_much_work(work: float, available: int, threads: int) -> None:
    assert threads_worth(work, available) == threads


def test_the_number_is_as_before_afterwards(untouched: int) -> None:
    with threads_for(NANO_STEP):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == untouched
    with pytest.raises(KeyError), threads_for(NANO_STEP):
        raise KeyError
    assert torch.get_num_threads() == untouched
    with threads_for(100 * WORK_PER_THREAD):
        assert torch.get_num_threads() == untouched


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "MKL_NUM_THREADS"])
def test_a_number_in_the_environment_stays(untouched: int, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "8")
    with threads_for(NANO_STEP):
        assert torch.get_num_threads() == untouched


def test_a_number_given_to_torch_stays(untouched: int) -> None:
    torch.set_num_threads(3)
    with threads_for(NANO_STEP):
        assert torch.get_num_threads() == 3


def test_a_small_model_writes_with_one_thread(untouched: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from biomatrix.generation import load

    used = []
    choose = processors.threads_worth

    def recorded(work: float, available: int) -> int:
        used.append(choose(work, available))
        return used[-1]

    monkeypatch.setattr(processors, "threads_worth", recorded)
    model = load("nano", device="cpu")
    stream = model.stream("Make one.", max_new_tokens=3, greedy=True)
    next(stream)
    assert torch.get_num_threads() == untouched  # the caller's own work between two tokens
    list(stream)
    reading, *writing = used  # a prompt has work for more
    assert reading <= 2
    assert set(writing) == {1}
    assert torch.get_num_threads() == untouched


def waiting(code: str, **environment: str) -> str:
    """Return what a process prints; its environment says nothing of waiting but what is given."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("OMP_WAIT_POLICY", "KMP_BLOCKTIME")}
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**inherited, "PYTHONPATH": str(SOURCE), **environment},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return found.stdout.strip()


def test_threads_wait_asleep_unless_the_user_says_otherwise() -> None:
    code = "import os, sys, biomatrix.generation; print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"
    assert waiting(code) == "PASSIVE False"
    assert waiting(code, OMP_WAIT_POLICY="ACTIVE") == "ACTIVE False"
    main = "import sys; sys.argv = ['biomatrix', '--version']\nfrom biomatrix.cli.main import main\ntry: main()\n"
    assert waiting(main + "except SystemExit: pass\nimport os; print(os.environ['OMP_WAIT_POLICY'])").endswith(
        "PASSIVE"
    )
