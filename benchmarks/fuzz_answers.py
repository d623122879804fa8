"""Fuzz the readers of answers: mangled answers must not crash one, nor score as right unless they state a right value.

    python benchmarks/fuzz_answers.py --mutants 50000

Mutants are made of the gold answers of every benchmark's sample in the official format, in each notation. Prints counts
by verdict and every mutant that crashed a reader or a judge, or scored as right without stating a right value; exits
with 1 where there is one. The same seed gives the same mutants.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fuzzing.answer_mutants import Mutant, mutant
from fuzzing.answer_verdicts import BAD, Verdict, verdict
from rdkit import RDLogger

from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError
from biomatrix.tasks.benchmarks.answers import gold_answer
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import load_examples
from biomatrix.tasks.benchmarks.notations import NOTATIONS
from biomatrix.tasks.benchmarks.registry import benchmarks
from biomatrix.tasks.benchmarks.sample_data import sample_folder


class Seed(NamedTuple):
    """A question with a right answer to it and a wrong one."""

    benchmark: Benchmark
    example: Example
    notation: str
    gold: str
    other: str


class Trial(NamedTuple):
    """A mutant that was read and judged."""

    seed: Seed
    mutant: Mutant
    verdict: Verdict
    reason: str


def seeds_of(benchmark: Benchmark) -> list[Seed]:
    """Return the questions of a benchmark's sample, in each notation that can write their answers."""
    rows = load_examples(benchmark.data, sample_folder(benchmark.data))
    examples = [row for row in rows if not isinstance(row, Reject)]
    seeds = []
    for notation in NOTATIONS if benchmark.task.output is not None else NOTATIONS[:1]:
        written = [(example, _gold(benchmark, example, notation)) for example in examples]
        golds = [(example, gold) for example, gold in written if gold is not None]
        for example, gold in golds:
            taken = set(example.references)
            other = next((text for each, text in golds if not taken & set(each.references)), "something else")
            seeds.append(Seed(benchmark, example, notation, gold, other))
    return seeds


def _gold(benchmark: Benchmark, example: Example, notation: str) -> str | None:
    try:
        return gold_answer(benchmark, example, notation)
    except BioMatrixError:
        return None


def trials(seeds: Sequence[Seed], number: int, seed: int) -> Iterator[Trial]:
    """Yield as many mutants of questions in turn, each with its verdict."""
    for index in range(number):
        chosen = seeds[index % len(seeds)]
        made = mutant(chosen.gold, chosen.other, f"{seed}/{chosen.benchmark.name}/{chosen.example.key}/{index}")
        yield Trial(chosen, made, *verdict(chosen.benchmark, chosen.example, made, chosen.notation))


def main() -> None:
    """Run the fuzz and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--benchmark", action="append", help="only this one; may be repeated")
    options = parser.parse_args()
    RDLogger.DisableLog("rdApp.*")
    chosen = [one for name, one in benchmarks().items() if not options.benchmark or name in options.benchmark]
    seeds = [seed for benchmark in chosen for seed in seeds_of(benchmark)]
    counts: Counter[Verdict] = Counter()
    bad = 0
    start = time.perf_counter()
    for trial in trials(seeds, options.mutants, options.seed):
        counts[trial.verdict] += 1
        if trial.verdict in BAD:
            bad += 1
            print(f"{trial.verdict}: {trial.seed.benchmark.name}: {trial.mutant.mutation}: {trial.reason}")
            print(f"    {trial.seed.gold[:100]!r} became {trial.mutant.text[:200]!r}")
    seconds = time.perf_counter() - start
    print(
        f"{options.mutants:,} mangled answers to {len(seeds)} questions of {len(chosen)} benchmarks in {seconds:.0f} s:"
    )
    print(", ".join(f"{counts[name]:,} {name}" for name in ("wrong", "right", "graded", *BAD)))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
