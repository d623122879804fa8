"""Two processes train as one: the same losses, the same codebook, the same weights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

SCRIPT = Path(__file__).with_name("distributed_run.py")
SOURCE = Path(__file__).parents[5] / "src"


def run(folder: Path, processes: int, steps: int) -> list[dict[str, float]]:
    command = [sys.executable, str(SCRIPT), str(folder), str(steps)]
    if processes > 1:
        command[1:1] = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in (folder / "terms.jsonl").read_text().splitlines()]


@pytest.mark.exhaustive
def test_two_processes_train_as_one_and_resume(tmp_path: Path) -> None:
    alone, both = run(tmp_path / "one", 1, 8), run(tmp_path / "two", 2, 8)
    assert len(alone) == 8
    for step, (ours, theirs) in enumerate(zip(both, alone, strict=True)):
        # Past the first quantised step a latent between two codes may fall to either, by rounding.
        assert ours == pytest.approx(theirs, rel=1e-4 if step < 4 else 1e-2, abs=1e-6)
    weights = [load_file(tmp_path / name / "checkpoint.safetensors") for name in ("one", "two")]
    assert weights[0].keys() == weights[1].keys()
    assert any(name.startswith("multiplier.") for name in weights[0])
    for name, tensor in weights[0].items():
        if name.startswith(("model.", "multiplier.")):
            difference = (weights[1][name].double() - tensor.double()).norm()
            assert difference <= 0.05 * tensor.double().norm() + 1e-3, name
    run(tmp_path / "stopped", 2, 5)
    assert run(tmp_path / "stopped", 2, 3) == both
    stopped = load_file(tmp_path / "stopped" / "checkpoint.safetensors")
    assert all(torch.equal(stopped[name], tensor) for name, tensor in weights[1].items())
