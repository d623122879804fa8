"""A command that is asked to end leaves nothing half-written behind, whatever it was doing."""

from __future__ import annotations

import gzip
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SELF = [sys.executable, "-m", "biomatrix.cli.main"]
UNFINISHED = (".part", ".tmp", ".old")

CORPUS = """name = "x"
sources = [ { name = "mine", reader = "smi", kind = "molecule", files = ["*.smi"], licence = ["MIT"] } ]
modalities = ["molecule_smiles", "molecule_selfies"]
slice_rows = 200
[vocabulary]
text_entries = 320
[views]
molecule_smiles = 1.0
molecule_selfies = 1.0
"""
PRETRAIN = """[model]
vocabulary = "work/vocabulary"
hidden_size = 16
num_layers = 1
intermediate_size = 16
num_heads = 2
num_kv_heads = 1
head_dim = 8
initialisation = "random"
[data]
train = "work/shards/train"
[batches]
tokens = 256
max_length = 128
[run]
output = "run"
max_steps = 1000000
save_every = 1
precision = "fp32"
"""
TOKENIZER = """[tokenizer]
kind = "molecule"
architecture = "conditioned"
[[data]]
source = "moleculenet_freesolv"
molecules = 200
[fitting]
num_codes = 16
rounds = 1000
"""
COMMANDS = {
    "generate": ("generate", "Hi", "--answer", "molecule_structure", "-n", "2000", "-o", "x.sdf"),
    "generate into a folder": ("generate", "Hi", "--answer", "molecule_structure", "-n", "2000", "-o", "answers/"),
    "quickstart": ("quickstart", "-o", "out"),
    "corpus": ("corpus", "corpus.toml", "--data", "data", "-o", "work", "--workers", "2"),
    "pretrain": ("pretrain", "pretrain.toml"),
    "tokenizer": ("tokenizer", "train", "tokenizer.toml", "--sources", "sources", "-o", "run"),
}


def prepare(folder: Path, name: str) -> None:
    """Write what a command reads; for a training run, the corpus too."""
    (folder / "data").mkdir()
    lines = [f"{'C' * (1 + number % 40)}O m{number}\n" for number in range(4000 if name == "corpus" else 200)]
    (folder / "data" / "m.smi").write_text("".join(lines), encoding="utf-8")
    for file, text in (("corpus", CORPUS), ("pretrain", PRETRAIN), ("tokenizer", TOKENIZER)):
        (folder / f"{file}.toml").write_text(text, encoding="utf-8")
    table = folder / "sources" / "molecule" / "moleculenet" / "freesolv.csv.gz"
    table.parent.mkdir(parents=True)
    rows = "".join(f"{'C' * (1 + number % 20)}O,0\n" for number in range(200))
    table.write_bytes(gzip.compress(f"smiles,freesolv\n{rows}".encode()))
    if name == "pretrain":
        subprocess.run([*SELF, *COMMANDS["corpus"], "-q"], cwd=folder, check=True, timeout=120)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [4.0, pytest.param(9.0, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_ended_leaves_no_unfinished_file(tmp_path: Path, name: str, seconds: float) -> None:
    prepare(tmp_path, name)
    process = subprocess.Popen(
        [*SELF, *COMMANDS[name]], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode in (0, 1, 128 + signal.SIGTERM), said
    assert process.returncode != 1 or name == "pretrain", said  # which saves its state, and says so
    assert "Traceback" not in said
    left = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.name.endswith(UNFINISHED)]
    assert not left, said
