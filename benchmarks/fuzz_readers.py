"""Fuzz every reader: mutants of real files must give an equal independent reading, a named refusal, or a note.

    python benchmarks/fuzz_readers.py --mutants 40000 --shared ../shared -o silent/

Prints counts by format and verdict; the first mutants with a silent difference or a crash are written to a folder, each
beside a text that says what differs. The same seed gives the same mutants.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fuzzing.mutants import mutant
from fuzzing.outcome import OUTCOMES, Outcome, Verdict
from fuzzing.seeds import Seed, seeds
from fuzzing.settings import SETTINGS, judge_settings
from fuzzing.verdicts import Original, judge, original_of
from rdkit import RDLogger

BAD: tuple[Outcome, ...] = ("silent", "crash")
CHUNK = 25
SAID = 2_000
"""Mutants after which the counts are printed."""


@dataclass(frozen=True)
class Trial:
    """One mutant that was read: where it comes from, how it was made, and the verdict."""

    format: str
    seed: str
    number: int
    mutation: str
    verdict: Verdict
    content: bytes = b""


def trials_of(seed: Seed, numbers: Sequence[int]) -> list[Trial]:
    """Make and judge the mutants of one file with these numbers."""
    RDLogger.DisableLog("rdApp.*")
    with tempfile.TemporaryDirectory() as folder:
        original = Path(folder) / f"original.{seed.format}"
        original.write_bytes(seed.content)
        known = Original() if seed.format in SETTINGS else original_of(original, seed.content, seed.format)
        return [_trial(seed, number, Path(folder), known) for number in numbers]


def _trial(seed: Seed, number: int, folder: Path, known: Original) -> Trial:
    content, mutation = mutant(seed.content, f"{seed.format}/{seed.name}/{number}", binary=seed.binary)
    path = folder / f"mutant.{seed.format}"
    path.write_bytes(content)
    if seed.format in SETTINGS:
        verdict = judge_settings(path, content, seed.format, seed.name)
    else:
        verdict = judge(path, content, seed.format, known)
    kept = content if verdict.outcome in BAD else b""
    return Trial(seed.format, seed.name, number, mutation, verdict, kept)


def run(files: Sequence[Seed], mutants: int, workers: int = 1) -> Iterator[Trial]:
    """Yield the trials: as many mutants of each format, shared among its files; the order does not matter."""
    by_format: dict[str, list[Seed]] = defaultdict(list)
    for one in files:
        by_format[one.format].append(one)
    jobs = []
    for group in by_format.values():
        each = max(mutants // len(by_format) // len(group), 1)
        for one in group:
            jobs += [(one, range(start, min(start + CHUNK, each))) for start in range(0, each, CHUNK)]
    # The first mutants of every file come first, so that a run that is cut short has tried every format.
    jobs.sort(key=lambda job: job[1].start)
    if workers == 1:
        results = (trials_of(*job) for job in jobs)
        yield from (trial for batch in results for trial in batch)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for batch in pool.imap_unordered(_star, jobs):
            yield from batch


def _star(job: tuple[Seed, range]) -> list[Trial]:
    return trials_of(*job)


def table_of(counts: Counter[tuple[str, Outcome]]) -> str:
    """Return the counts as a table, one line per format."""
    formats = sorted({name for name, _ in counts})
    lines = ["format    " + "".join(f"{one:>10s}" for one in OUTCOMES)]
    lines += [f"{name:10s}" + "".join(f"{counts[name, one]:10,}" for one in OUTCOMES) for name in formats]
    totals = "".join(f"{sum(counts[name, one] for name in formats):10,}" for one in OUTCOMES)
    return "\n".join([*lines, f"{'all':10s}{totals}"])


def keep(trial: Trial, folder: Path, number: int) -> None:
    """Write a mutant beside a text that says what differs."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{trial.format}_{number:03d}"
    (folder / f"{stem}.{trial.format}").write_bytes(trial.content)
    words = (
        f"{trial.verdict.outcome}: {trial.verdict.detail}\n{trial.mutation} of {trial.seed}, number {trial.number}\n"
    )
    (folder / f"{stem}.txt").write_text(words, encoding="utf-8", errors="replace")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=40_000)
    parser.add_argument("--shared", type=Path, default=None, help="the folder of reference data")
    parser.add_argument("--formats", nargs="*", default=None)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path, default=Path("silent"), help="folder for what differs")
    parser.add_argument("--keep", type=int, default=40, help="mutants kept of each format")
    options = parser.parse_args()
    files = [one for one in seeds(options.shared) if not options.formats or one.format in options.formats]
    counts: Counter[tuple[str, Outcome]] = Counter()
    bad: Counter[str] = Counter()
    start = time.monotonic()
    for done, trial in enumerate(run(files, options.mutants, options.workers), start=1):
        counts[trial.format, trial.verdict.outcome] += 1
        if done % SAID == 0:
            print(f"[{time.monotonic() - start:6.0f} s] {done:,} mutants\n{table_of(counts)}\n", flush=True)
        if trial.verdict.outcome in BAD:
            bad[trial.format] += 1
            if bad[trial.format] <= options.keep:
                keep(trial, options.output, bad[trial.format])
    print(table_of(counts))
    if bad:
        raise SystemExit(f"{sum(bad.values()):,} mutants differ in silence or crash; the first are in {options.output}")


if __name__ == "__main__":
    main()
