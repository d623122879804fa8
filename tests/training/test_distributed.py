"""Two processes of one batch a step train as one process of two, with whole or sharded parameters, and go on as it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from biomatrix.training.progress import MetricsLog

SCRIPT = Path(__file__).with_name("distributed_run.py")
SOURCE = Path(__file__).parents[2] / "src"


def run(folder: Path, processes: int, *more: str) -> None:
    """Run the script in so many processes, which are told of each other as a launcher tells them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    environment |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(processes)}
    started = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), str(folder), str(2 // processes), *more],
            env={**environment, "RANK": str(rank), "LOCAL_RANK": str(rank)} if processes > 1 else environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(processes)
    ]
    try:
        for process in started:
            _, errors = process.communicate(timeout=300)
            assert process.returncode == 0, errors[-3000:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def losses(folder: Path) -> list[float]:
    return [line["loss"] for line in MetricsLog.read(folder / "metrics.jsonl") if "loss" in line]


@pytest.mark.slow
@pytest.mark.parametrize(
    "more",
    [
        pytest.param((), id="replicated", marks=pytest.mark.exhaustive),
        pytest.param(("sharded",), id="sharded"),
        pytest.param(("sharded", "new_rows"), id="new rows", marks=pytest.mark.exhaustive),
        pytest.param(("sharded", "steadied"), id="averaged and guarded", marks=pytest.mark.exhaustive),
    ],
)
def test_two_processes_train_as_one(tmp_path: Path, more: tuple[str, ...]) -> None:
    alone = tmp_path / "one"
    run(alone, 1, *(word for word in more if word != "sharded"))
    run(tmp_path / "two", 2, *more)
    told = losses(tmp_path / "two" / "first")
    assert told == pytest.approx(losses(alone / "first"), rel=1e-4)
    weights, both = (
        load_file(one / "first" / "checkpoint-00000006" / "model.safetensors") for one in (alone, tmp_path / "two")
    )
    assert weights.keys() == both.keys()
    for name, tensor in weights.items():
        torch.testing.assert_close(both[name], tensor, atol=2e-4, rtol=1e-3)
    assert losses(tmp_path / "two") == pytest.approx(told, rel=1e-6)


@pytest.mark.slow
def test_one_process_goes_on_as_two(tmp_path: Path) -> None:
    run(tmp_path / "one", 1)
    run(tmp_path / "moved", 1, "half")
    run(tmp_path / "moved", 2, "sharded")
    whole, moved = (losses(tmp_path / name / "first") for name in ("one", "moved"))
    assert len(moved) == 6
    assert moved == pytest.approx(whole, rel=1e-4)
