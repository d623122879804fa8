"""Mutated files of cells: an answer that holds together or an error with a name, never a crash or a hang."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
from fuzz_cells import run


@pytest.mark.slow
@pytest.mark.parametrize("mutants", [150, pytest.param(10_000, marks=pytest.mark.exhaustive)])
def test_every_mutant_is_an_answer_or_a_named_error(mutants: int) -> None:
    counts: Counter[str] = Counter()
    faults = []
    for trial in run(mutants):
        counts[trial.outcome] += 1
        if trial.outcome == "fault":
            faults.append(f"{trial.number}: {trial.detail}")
    assert not faults, "\n".join(faults[:20])
    assert counts["answer"] > mutants // 20, counts  # mutants that change nothing that counts are read
    assert counts["ParseError"] > mutants // 4, counts
