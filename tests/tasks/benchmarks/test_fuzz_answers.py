"""Mangled answers: none crashes a reader or a judge, none scores as right that states no right value."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from rdkit.rdBase import BlockLogs

from biomatrix.tasks.benchmarks.registry import benchmark, benchmarks

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
from fuzz_answers import seeds_of, trials
from fuzzing.answer_mutants import Mutant, mutant
from fuzzing.answer_verdicts import BAD, verdict

MUTANTS = 150
"""Of each benchmark."""


@pytest.mark.parametrize("name", list(benchmarks()))
def test_no_mutant_crashes_or_scores_undeservedly(name: str) -> None:
    seeds = seeds_of(benchmark(name))
    if not seeds:
        pytest.skip("its sample holds no gold answer")
    with BlockLogs():
        bad = [trial for trial in trials(seeds, MUTANTS, seed=1) if trial.verdict in BAD]
    assert [(trial.verdict, trial.reason, trial.mutant.text[:200]) for trial in bad] == []


def test_right_answers_are_right_and_verdicts_can_be_bad() -> None:
    seed = seeds_of(benchmark("mol_prop_esol"))[0]
    assert verdict(seed.benchmark, seed.example, Mutant(seed.gold, "none"), "smiles")[0] == "right"
    assert verdict(seed.benchmark, seed.example, Mutant(seed.other, "none"), "smiles")[0] == "wrong"
    assert verdict(seed.benchmark, seed.example, Mutant(seed.gold, "none", hedged=True), "smiles")[0] == "undeserved"


def test_the_same_key_gives_the_same_mutant() -> None:
    made = [mutant("CCO", "CCN", f"key/{number}") for number in range(300)]
    assert made == [mutant("CCO", "CCN", f"key/{number}") for number in range(300)]
    assert len({each.text for each in made}) > 150
    assert any(each.hedged for each in made)
