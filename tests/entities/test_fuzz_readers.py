"""Mutants of real files: each reader gives what an independent one does, refuses by name, or says what it did."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from fuzz_readers import BAD, run, table_of
from fuzzing.mutants import mutant
from fuzzing.seeds import seeds
from fuzzing.verdicts import judge

SHARED = os.environ.get("BIOMATRIX_SHARED")
FAST = 600


@pytest.mark.parametrize("mutants", [FAST, pytest.param(40_000, marks=pytest.mark.slow)])
def test_no_mutant_is_read_otherwise_in_silence(mutants: int) -> None:
    files = seeds(Path(SHARED) if SHARED and mutants > FAST else None)
    counts: Counter[tuple[str, str]] = Counter()
    faults = []
    for trial in run(files, mutants, workers=2 if mutants > FAST else 1):
        counts[trial.format, trial.verdict.outcome] += 1
        if trial.verdict.outcome in BAD:
            place = f"{trial.mutation} of {trial.format} {trial.seed}, number {trial.number}"
            faults.append(f"{trial.verdict.outcome}: {trial.verdict.detail}: {place}")
    print(table_of(counts))  # noqa: T201
    assert not faults, "\n".join(faults[:20])


def test_mutants_are_the_same_for_the_same_seed() -> None:
    content = b"CCO ethanol\nCCN ethylamine\n"
    assert [mutant(content, f"x/{number}") for number in range(20)] == [
        mutant(content, f"x/{number}") for number in range(20)
    ]


@pytest.mark.parametrize(
    ("file_format", "written", "read"),
    [
        ("smi", b"CCO a\nCCN b\n", b"CCO a\nCCC b\n"),
        ("smi", b"CCO a\nCCN b\n", b"CCO a\n"),
        ("fasta", b">a\nMKTAYIAK\n", b">a\nMKTAYIAR\n"),
    ],
)
def test_a_reader_that_reads_otherwise_is_found_out(
    tmp_path: Path, file_format: str, written: bytes, read: bytes
) -> None:
    """The verdict itself can fail: a file that does not hold what it is judged by is a silent difference."""
    path = tmp_path / f"file.{file_format}"
    path.write_bytes(read)
    assert judge(path, written, file_format).outcome == "silent"
    assert judge(path, read, file_format).outcome == "same"
