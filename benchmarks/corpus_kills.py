"""Builds whose processes are killed at random moments, against one that nothing disturbs: every byte is compared.

    python benchmarks/corpus_kills.py                            # both ways, 10 kills each
    python benchmarks/corpus_kills.py --ways array --kills 20 --seed 3
    python benchmarks/corpus_kills.py --ray                      # a Ray cluster of this machine

Records are those of `corpus_scale.py`, with filters, a test set and duplicates. Four processes build one folder in two
ways: `local` is one command with four workers, `array` the four tasks of the script of `--launcher slurm`, each
a process of its own. At moments drawn by the seed over the whole build, one of their processes, workers included, is
ended by SIGKILL; a command that ends so is started again, until as many were killed as were asked for and the build is
done. Compared are all files of the work folder with those of a build by one process; what killed processes left
(unfinished folders, claims) must be gone after one further run, a lease later. The exit status is 1 where a byte
differs or something is left.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from corpora.mixed_records import as_toml, recipe, write_records
from corpora.process_tree import descendants

PROCESSES: Final = 4
LEASE: Final = 3.0
PATIENCE: Final = 1800.0
SOON: Final = 0.5
"""Seconds within which a process is killed once so many slices are done."""
APART: Final = ("slurm", "hashes.json")
"""What a work folder holds beside the corpus: scripts and logs, and the times of source files."""


@dataclass
class Outcome:
    """How a disturbed build went: how often it was started, what was killed of it, and after how many slices."""

    launches: int = 0
    killed: list[str] = field(default_factory=list)
    after: list[int] = field(default_factory=list)


def command(folder: Path, work: Path, *more: str) -> list[str]:
    """Return the command that builds the corpus of a folder."""
    build = ["corpus", "build", str(folder / "recipe.toml"), "--data", str(folder), "--output", str(work), "--quiet"]
    return [sys.executable, "-m", "biomatrix.cli.main", *build, *more]


def started(call: Sequence[str], **settings: str) -> subprocess.Popen[bytes]:
    """Start a command of a build with a short lease."""
    told = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "BIOMATRIX_LEASE": str(LEASE)}
    environment = {**os.environ, **told, **settings}
    return subprocess.Popen(call, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(call: Sequence[str], **settings: str) -> float:
    """Run a command to its end; return the seconds it took."""
    begin = time.monotonic()
    process = started(call, **settings)
    _, told = process.communicate(timeout=PATIENCE)
    if process.returncode:
        raise SystemExit(f"{' '.join(call)} ended with {process.returncode}:\n{told.decode()}")
    return time.monotonic() - begin


def local_commands(folder: Path, work: Path) -> list[Callable[[], subprocess.Popen[bytes]]]:
    """Return how to start one command with four workers."""
    return [lambda: started(command(folder, work, "--workers", str(PROCESSES)))]


def array_commands(folder: Path, work: Path) -> list[Callable[[], subprocess.Popen[bytes]]]:
    """Return how to start each task of an array, by the script that is written for SLURM."""
    finish(command(folder, work, "--launcher", "slurm", "--array-tasks", str(PROCESSES)), PATH=str(work))
    script = work / "slurm" / "build.sbatch"
    tasks = range(int(re.findall(r"--array=0-(\d+)", script.read_text())[0]) + 1)
    call = ["/bin/bash", str(script)]
    return [lambda task=task: started(call, SLURM_ARRAY_TASK_ID=str(task)) for task in tasks]


WAYS: Final = {"local": local_commands, "array": array_commands}


def disturbed(
    starts: Sequence[Callable[[], subprocess.Popen[bytes]]],
    work: Path,
    due: Sequence[int],
    chance: random.Random,
) -> Outcome:
    """Run commands until all end well; a process of theirs is killed soon after each of these numbers of slices."""
    outcome, waiting, running = Outcome(), list(starts), dict[subprocess.Popen[bytes], Callable[[], object]]()
    deadline = time.monotonic() + PATIENCE
    try:
        while waiting or running:
            if time.monotonic() > deadline:
                raise SystemExit(f"not done within {PATIENCE:.0f} seconds")
            for start in waiting:
                running[start()] = start
                outcome.launches += 1
            waiting = []
            time.sleep(chance.uniform(0.0, SOON))
            if len(outcome.killed) < len(due) and finished(work) >= due[len(outcome.killed)]:
                outcome.killed += kill_one(list(running), chance)
                outcome.after += [finished(work)] * (len(outcome.killed) - len(outcome.after))
            for process in [one for one in running if one.poll() is not None]:
                start = running.pop(process)
                told = process.stderr.read().decode() if process.stderr else ""
                if process.returncode and not outcome.killed:
                    raise SystemExit(f"it ended with {process.returncode} though nothing was killed:\n{told}")
                waiting += [start] if process.returncode else []
    finally:
        for process in running:
            process.kill()
    return outcome


def kill_one(running: Sequence[subprocess.Popen[bytes]], chance: random.Random) -> list[str]:
    """End a process of a command, itself or one it started, by SIGKILL; return what it was, nothing if it was gone."""
    if not running:
        return []
    tree = descendants(chance.choice(running).pid)
    victim = chance.choice(tree)
    with suppress(ProcessLookupError):
        os.kill(victim, signal.SIGKILL)
        return ["command" if victim == tree[0] else "worker"]
    return []


def finished(work: Path) -> int:
    """Return how many slices of a work folder are done."""
    walk = os.walk(work)  # which passes over folders that are removed meanwhile
    return sum("done.json" in files for folder, _, files in walk if not Path(folder).name.startswith("."))


def contents(work: Path) -> dict[str, Path]:
    """Return the files that a build keeps, by path within its work folder."""
    found = {path.relative_to(work): path for path in sorted(work.rglob("*")) if path.is_file()}
    return {
        name.as_posix(): path
        for name, path in found.items()
        if not any(part.startswith(".") or part in APART for part in name.parts)
    }


def left_over(work: Path) -> list[str]:
    """Return the hidden files and folders below a work folder: claims, and what is not finished."""
    return [str(path.relative_to(work)) for path in sorted(work.rglob(".*"))]


def equal(work: Path, alone: Path) -> bool:
    """Compare two work folders; print what differs, and how much was compared."""
    ours, theirs = contents(work), contents(alone)
    differing = sorted(ours.keys() ^ theirs.keys())
    size = 0
    for name in sorted(ours.keys() & theirs.keys()):
        known = theirs[name].read_bytes()
        size += len(known)
        differing += [name] if ours[name].read_bytes() != known else []
    for name in differing[:10]:
        print(f"  differs: {name}")
    print(f"  {len(theirs):,} files, {size:,} bytes compared: {'DIFFERENT' if differing else 'equal'}")
    return not differing and bool(size)


def report_kills(way: str, folder: Path, scratch: Path, kills: int, seed: int) -> bool:
    """Build in one way with kills; print what came of it and return whether all is as in the undisturbed build."""
    work, begin, chance = scratch / way, time.monotonic(), random.Random(seed)
    work.mkdir()
    due = sorted(chance.choices(range(finished(scratch / "alone") * 9 // 10), k=kills))
    outcome = disturbed(WAYS[way](folder, work), work, due, chance)
    total = finished(work)
    what = ", ".join(f"{one} at {after / total:.0%}" for one, after in zip(outcome.killed, outcome.after, strict=True))
    took = time.monotonic() - begin
    print(f"{way}: {len(outcome.killed)} kills, {outcome.launches} launches, {took:.0f} s, seed {seed}")
    print(f"  killed, at a share of {total} slices: {what}")
    good = equal(work, scratch / "alone")
    if len(outcome.killed) < kills:
        print(f"  only {len(outcome.killed)} of {kills} killed before it was done: give more --records")
    time.sleep(LEASE + 1.0)
    finish(command(folder, work))
    left = left_over(work)
    print(f"  left over after one further run: {left or 'nothing'}")
    return good and equal(work, scratch / "alone") and not left and len(outcome.killed) == kills


def report_ray(folder: Path, scratch: Path) -> bool:
    """Build on a Ray cluster of this machine; print and return whether the bytes are those of one process."""
    took = finish(command(folder, scratch / "ray", "--launcher", "ray", "--workers", "2"))
    print(f"ray: a cluster of this machine, 2 actors, {took:.0f} s")
    return equal(scratch / "ray", scratch / "alone")


def main() -> None:
    """Print what each way comes to; exit with 1 where one differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ways", nargs="*", choices=sorted(WAYS), default=None, help="all when not given")
    parser.add_argument("--ray", action="store_true", help="a Ray cluster, in place of kills unless --ways is given")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--records", type=int, default=6000)
    arguments = parser.parse_args()
    ways = arguments.ways if arguments.ways is not None else ([] if arguments.ray else sorted(WAYS))
    with tempfile.TemporaryDirectory() as place:
        scratch = Path(place)
        folder = scratch / "data"
        folder.mkdir()
        write_records(folder, arguments.records)
        (folder / "recipe.toml").write_text(as_toml(recipe(slice_rows=250)))
        seconds = finish(command(folder, scratch / "alone"))
        print(f"alone: {arguments.records:,} records, one process, {seconds:.0f} s", flush=True)
        good = [report_kills(way, folder, scratch, arguments.kills, arguments.seed) for way in ways]
        good += [report_ray(folder, scratch)] if arguments.ray else []
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
