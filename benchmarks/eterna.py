"""Design of RNA for the targets of Eterna100: how many have a sequence whose structure of least free energy they are.

python benchmarks/eterna.py TARGETS.csv.gz [--seconds 60] [--version 2] [--log eterna.jsonl]

Targets are those of Eterna100-V2 (eternagame/eterna100-benchmarking, MIT), columns "Puzzle #", "Puzzle Name" and
"Secondary Structure V2". Each has so many seconds of processor time, on one core, and ends with its first solution;
short targets come first. What is done stands in the log, one line a target, and is not done again, unless it failed in
less time than it now gets: a target's search is the same whatever time cuts it short, so a first run may be quick.
Every solution is folded anew before it is counted. Needs the extra fold.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import time
from pathlib import Path

from biomatrix.entities.nucleic.design import design_for_structure
from biomatrix.entities.nucleic.folding import fold

PUBLISHED = {"NEMO": 86, "LEARNA": 69, "SentRNA": 68, "EternaBrain": 50, "RNAinverse": 20}
"""Targets of V2 solved in any trial with ViennaRNA 2, counted from eternagame/eterna100-benchmarking."""


def targets_of(path: Path, version: int) -> list[tuple[int, str, str]]:
    """Return number, name and structure of every target, the shortest first."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    column = f"Secondary Structure V{version}"
    found = [(int(row["Puzzle #"]), row["Puzzle Name"], row[column]) for row in rows]
    return sorted(found, key=lambda target: (len(target[2]), target[0]))


def attempt(number: int, name: str, target: str, seconds: float, seed: int) -> dict[str, object]:
    """Look for a sequence, and return a line of the log."""
    start = time.process_time()
    design = design_for_structure(target, seconds, seed, clock=time.process_time)[0]
    solved = fold(design.sequence).structure == target
    assert solved == design.matches
    return {
        "puzzle": number,
        "name": name,
        "length": len(target),
        "solved": solved,
        "seconds": round(time.process_time() - start, 2),
        "allowed": seconds,
        "seed": seed,
        "folds": design.folds,
        "distance": design.distance,
        "sequence": design.sequence,
    }


def main() -> None:
    """Attempt what the log lacks and print all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--version", type=int, choices=(1, 2), default=2)
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    done = {}
    if options.log is not None and options.log.exists():
        lines = map(json.loads, options.log.read_text(encoding="utf-8").splitlines())
        done = {line["puzzle"]: line for line in lines if line["solved"] or line["allowed"] >= options.seconds}
    targets = targets_of(options.targets, options.version)
    for number, name, target in targets:
        line = done.get(number)
        if line is None:
            line = done[number] = attempt(number, name, target, options.seconds, options.seed)
            if options.log is not None:
                with options.log.open("a", encoding="utf-8") as stream:
                    print(json.dumps(line), file=stream)
        result = f"solved in {line['seconds']:6.1f} s" if line["solved"] else f"{line['distance']} places wrong"
        print(f"{number:4d} {line['length']:4d} nt  {result:20s} {line['folds']:6d} folds  {name}", flush=True)
    solved = sum(bool(line["solved"]) for line in done.values())
    print(
        f"\n{solved} of {len(targets)} targets of Eterna100-V{options.version}, {options.seconds:g} s of one core each"
    )
    print("published: " + ", ".join(f"{name} {count}" for name, count in PUBLISHED.items()))


if __name__ == "__main__":
    main()
