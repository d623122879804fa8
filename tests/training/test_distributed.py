"""Two processes of one batch a step train as one process of two, with whole or sharded parameters."""

from __future__ import annotations

import os
import shutil
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
    command = [sys.executable, str(SCRIPT), str(folder), str(2 // processes), *more]
    if processes > 1:
        command[1:1] = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]


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
    told = losses(tmp_path / "two")
    assert told == pytest.approx(losses(alone), rel=1e-4)
    weights, both = (load_file(one / "checkpoint-00000006/model.safetensors") for one in (alone, tmp_path / "two"))
    assert weights.keys() == both.keys()
    for name, tensor in weights.items():
        torch.testing.assert_close(both[name], tensor, atol=2e-4, rtol=1e-3)
    shutil.rmtree(tmp_path / "two" / "checkpoint-00000006")
    run(tmp_path / "two", 2, *more)
    assert losses(tmp_path / "two") == pytest.approx(told, rel=1e-6)
