"""Rate and peak memory of a whole build, by the number of records; two workers against one.

    python benchmarks/corpus_scale.py                            # 10^4, 10^5 and 10^6 records
    python benchmarks/corpus_scale.py --sizes 10000 100000 --compared 100000
    python benchmarks/corpus_scale.py --sizes --compared 100000  # two workers alone

Records are made up: seven of ten are short proteins (FASTA), two texts (JSON lines), one a molecule as SMILES
(Parquet); 2% repeat others. A build is `build_corpus`, all of it: records, filters, a test set, exact and near
duplicates, tokens in three modalities, a vocabulary, shards and held-out shards. It runs in a process of its own that
is looked at from outside. Printed for each step and the whole are seconds, processor seconds, records per second, and
memory: of the largest process, and of all together. Memory should stay the same from the smallest size to the largest;
TARGET: at most 1.15 times.

Two workers are compared with one in alternation: by the clock, which needs two free cores, and by processor time, that
of the one against that of the longest path (in each step the first process, and the busier of the workers it waits
for), which other work on the machine disturbs less. TARGET: 1.8 times as fast by the clock. The exit status is 1 where
a target is missed.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from corpora.mixed_records import recipe, write_records
from corpora.process_tree import ProcessTree

FLAT: Final = 1.15
FASTER: Final = 1.8
SLICE_ROWS: Final = 5000
"""Rows of a slice where sizes are compared, as recipes have it; few workers need smaller ones to have like shares."""
WHOLE: Final = "whole build"
LEARNING: Final = "biomatrix.corpus.build_vocabulary"


@dataclass(frozen=True)
class Made:
    """A corpus that is made up.

    Parameters
    ----------
    script : str
        The script that builds it, which is run for each build.
    write : callable
        Writes so many records into a folder.
    recipe : callable
        Returns the recipe for slices of so many rows.
    sizes : tuple of int
        The numbers of records that are built where none are named.
    """

    script: str
    write: Callable[[Path, int], None]
    recipe: Callable[[int], dict[str, Any]]
    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)


class Steps(logging.Handler):
    """Notes when the steps of a build end, by what a build logs."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Note a line that a step ends with; of several of one step the last counts."""
        if record.name == "biomatrix.progress":
            self.ends[record.getMessage().partition(":")[0]] = time.time()
        elif record.name == LEARNING and "entries in all" in record.getMessage():
            self.ends["vocabulary"] = time.time()


def build(made: Made, folder: Path, workers: int, slice_rows: int) -> dict[str, float]:
    """Build the corpus of a folder in this process; return when each step ended, and when the first began."""
    from biomatrix.corpus import CorpusRecipe, build_corpus

    steps = Steps()
    logging.getLogger("biomatrix").addHandler(steps)
    logging.getLogger("biomatrix").setLevel(logging.INFO)
    begin = time.time()
    with tempfile.TemporaryDirectory(dir=folder) as work:
        build_corpus(CorpusRecipe.model_validate(made.recipe(slice_rows)), folder, Path(work), workers=workers)
        return {"": begin, **steps.ends, "manifests": time.time()}


@dataclass(frozen=True)
class Taken:
    """What a step took: seconds; processor seconds of all, of the longest path; MB of the largest process, of all."""

    seconds: float
    processor: float
    path: float
    largest: float
    together: float


def measured(made: Made, folder: Path, workers: int, slice_rows: int) -> dict[str, Taken]:
    """Build in a process of its own; return what each step and the whole took."""
    command = [
        sys.executable,
        made.script,
        "--build",
        str(folder),
        "--workers",
        str(workers),
        "--slice-rows",
        str(slice_rows),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    with ProcessTree(process.pid) as tree:
        printed, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"the build of {folder} ended with {process.returncode}")
    ends: dict[str, float] = json.loads(printed.splitlines()[-1])
    names = list(ends)
    taken = {name: _taken(tree, ends[before], ends[name]) for before, name in pairwise(names)}
    taken[WHOLE] = Taken(
        ends[names[-1]] - ends[""],
        sum(step.processor for step in taken.values()),
        sum(step.path for step in taken.values()),
        max(tree.peaks.values()),
        max(step.together for step in taken.values()),
    )
    return taken


def _taken(tree: ProcessTree, start: float, end: float) -> Taken:
    looks = tree.between(start, end)
    before, after = looks[0].processor, looks[-1].processor
    spent = {number: seconds - before.get(number, 0.0) for number, seconds in after.items()}
    path = spent.get(tree.root, 0.0) + max((own for number, own in spent.items() if number != tree.root), default=0.0)
    largest, together = (max(getattr(one, name) for one in looks) for name in ("largest", "together"))
    return Taken(end - start, sum(spent.values()), path, largest, together)


def report_sizes(made: Made, sizes: Sequence[int], workers: int, scratch: Path) -> bool:
    """Build every size with so many workers and print what it took; return whether memory stayed the same."""
    print(f"workers: {workers}")
    heads = ("records", "seconds", "per second", "per CPU s", "largest MB", "ratio", "all MB", "ratio")
    print(f"{'step':26s}", *(f"{head:>10s}" for head in heads))
    first: dict[str, Taken] = {}
    flat = True
    for count in sizes:
        for name, taken in measured(made, written(made, scratch, count), workers, SLICE_ROWS).items():
            base = first.setdefault(name, taken)
            ratios = taken.largest / base.largest, taken.together / base.together
            flat = flat and (name != WHOLE or max(ratios) <= FLAT)
            print(
                f"{name:26s} {count:10,d} {taken.seconds:10.1f} {count / taken.seconds:10,.0f}",
                f"{count / max(taken.processor, 0.01):10,.0f} {taken.largest:10.0f} {ratios[0]:10.2f}",
                f"{taken.together:10.0f} {ratios[1]:10.2f}",
                flush=True,
            )
    if len(sizes) > 1:
        print(f"TARGET peak memory of the whole build, at most {FLAT} times: {'met' if flat else 'MISSED'}")
    return flat


def report_workers(made: Made, count: int, slice_rows: int, workers: int, rounds: int, scratch: Path) -> bool:
    """Build with one worker and several in turn; print how much faster each step is and whether the whole is."""
    folder = written(made, scratch, count)
    pairs = [
        (measured(made, folder, 1, slice_rows), measured(made, folder, workers, slice_rows)) for _ in range(rounds)
    ]
    print(f"\n{workers} workers against one, {count:,} records in slices of {slice_rows:,}, the better of {rounds}")
    print(
        f"{'step':26s}", *(f"{head:>10s}" for head in ("one s", "many s", "ratio", "one CPU s", "path CPU s", "ratio"))
    )
    for name in pairs[0][0]:
        one, many = (min((pair[side][name] for pair in pairs), key=lambda taken: taken.seconds) for side in (0, 1))
        clock, path = one.seconds / many.seconds, one.processor / max(many.path, 0.01)
        figures = (one.seconds, many.seconds, clock, one.processor, many.path, path)
        print(f"{name:26s}", *(f"{figure:10.2f}" for figure in figures))
    print(f"TARGET whole build, at least {FASTER} times as fast: {'met' if clock >= FASTER else 'MISSED'}")
    return clock >= FASTER


def written(made: Made, scratch: Path, count: int) -> Path:
    """Return the folder of so many records, written unless it is there."""
    folder = scratch / str(count)
    if not folder.is_dir():
        folder.mkdir()
        made.write(folder, count)
    return folder


def main(made: Made, about: str | None) -> None:
    """Print the tables, or build once and print when each step ended, as JSON."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(made.sizes))
    parser.add_argument("--each", type=int, default=1, help="workers that build each size")
    parser.add_argument("--compared", type=int, default=100_000, help="records that workers are compared on; 0: none")
    parser.add_argument("--rounds", type=int, default=1, help="builds of each number of workers, in alternation")
    parser.add_argument("--workers", type=int, default=2, help="compared with one, over --compared records")
    parser.add_argument("--slice-rows", type=int, default=1000, help="rows of a slice where workers are compared")
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.build:
        print(json.dumps(build(made, arguments.build, arguments.workers, arguments.slice_rows)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        met = not arguments.sizes or report_sizes(made, arguments.sizes, arguments.each, Path(scratch))
        if arguments.compared:
            met = (
                report_workers(
                    made, arguments.compared, arguments.slice_rows, arguments.workers, arguments.rounds, Path(scratch)
                )
                and met
            )
    sys.exit(not met)


if __name__ == "__main__":
    main(Made(__file__, write_records, recipe), __doc__)
