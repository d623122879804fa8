"""Commands import what they need and no more."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src"
RUN = """
import json, sys
from biomatrix.cli.main import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
json.dump(sorted(sys.modules), open("modules.json", "w"))
"""
HEAVY = ("torch", "transformers", "accelerate", "tokenizers", "scipy", "sklearn", "pandas", "pyarrow", "posebusters")
CORNERS = (
    *("transformers", "accelerate", "scipy", "sklearn", "pandas", "pyarrow", "posebusters", "sympy", "huggingface_hub"),
    *("torch._dynamo", "torch._inductor", "torch.distributed.tensor", "torch.distributed.fsdp"),
)


def modules(folder: Path, *arguments: str, stdin: str = "") -> set[str]:
    """Return the modules that a command has imported by its end."""
    found = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        cwd=folder, input=stdin, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    return set(json.loads((folder / "modules.json").read_text()))


def test_encoding_and_decoding_need_no_network(tmp_path: Path) -> None:
    for modality in ([], ["-m", "molecule_smiles"]):
        arguments = ["encode", "-", "--format", "smi", *modality, "-o", "one.tokens.jsonl"]
        assert not modules(tmp_path, *arguments, stdin="CCO\n") & set(HEAVY)
    assert not modules(tmp_path, "decode", "one.tokens.jsonl", "-o", "decoded") & set(HEAVY)


def test_lists_and_help_need_no_network(tmp_path: Path) -> None:
    for arguments in (["--help"], ["encode", "--help"], ["models"], ["tasks", "list"]):
        assert not modules(tmp_path, *arguments) & set(HEAVY), arguments


def test_answers_need_torch_alone(tmp_path: Path) -> None:
    for settings in (["--answer", "molecule_selfies", "-n", "2"], ["--answer", "protein_structure", "--length", "9"]):
        found = modules(tmp_path, "generate", "Make one.", *settings)
        assert "torch" in found
        assert not found & set(CORNERS), settings


def processor_seconds(*arguments: str) -> float:
    """Return the processor time of a run of the interpreter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *arguments], env={**os.environ, "PYTHONPATH": str(SOURCE)}, check=True, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_a_first_answer_costs_little_more_than_torch() -> None:
    """Measured at 1.5 to 2 times; it was 4 times while the models of Transformers were imported."""
    asked = ("-m", "biomatrix.cli.main", "generate", "Make a molecule.", "--answer", "molecule_selfies")
    answer = torch = float("inf")
    for _ in range(3):  # the least of some: the first may be delayed by what the machine does beside
        answer = min(answer, processor_seconds(*asked))
        torch = min(torch, processor_seconds("-c", "import torch"))
        if answer < 3 * torch:
            return
    assert answer < 3 * torch
