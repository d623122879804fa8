"""How long the commands take to start and to answer, alone and beside a busy process.

    python benchmarks/start_up.py
    python benchmarks/start_up.py --against ../older/src --runs 5 --only generate
    python benchmarks/start_up.py --steps

Prints for each command the least wall time and the least processor time of several runs, first alone, then beside one
process that never rests, pinned to no core. With ``--against`` the same commands run with the package of another
source folder too, in turns with this one, and the ratio of the processor times is printed. Processor time is what other
work on the machine changes least. The packages are copied first, so that compiled files are kept beside
them, as those of an installation are. ``--steps`` instead compares a step of the plain decoder with one of the stock
network, on one thread. Exits with 1 when importing the package or printing the help takes 0.5 s of
processor time or more.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LIMIT_SECONDS = 0.5
LIMITED = ("import biomatrix", "--help")
SOURCE = Path(__file__).resolve().parents[1] / "src"
NANO = SOURCE / "biomatrix" / "generation" / "weights" / "nano"

CALL = "import biomatrix as bm; bm.load('nano').generate('Make a molecule.', output='molecule_selfies', num_samples=8)"
COMMAND = ("-m", "biomatrix.cli.main")
MEASURED: dict[str, tuple[str, ...]] = {
    "import biomatrix": ("-c", "import biomatrix"),
    "import torch": ("-c", "import torch"),
    "--help": (*COMMAND, "--help"),
    "models": (*COMMAND, "models"),
    "tasks list": (*COMMAND, "tasks", "list"),
    "encode -m molecule_smiles": (*COMMAND, "encode", "one.smi", "-m", "molecule_smiles"),
    "encode": (*COMMAND, "encode", "one.smi"),
    "decode": (*COMMAND, "decode", "one.tokens.jsonl", "-o", "decoded"),
    "generate 8 molecules": (*(*COMMAND, "generate", "Make a molecule.", "--answer", "molecule_selfies", "-n", "8"),),
    "generate a structure of 129": (
        *(*COMMAND, "generate", "Fold a protein.", "--answer", "protein_structure", "--length", "129"),
    ),
    "quickstart": (*COMMAND, "quickstart", "-o", "quickstart"),
    "bm.load and generate 8": ("-c", CALL),
}
"""Arguments of the interpreter, by what they measure; run in a folder with the files that they name."""


def measure(arguments: tuple[str, ...], source: Path, folder: Path) -> tuple[float, float]:
    """Return the wall time and the processor time of one run, in seconds."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(source)
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=folder, env=environment)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def busy_process(wanted: bool) -> Iterator[None]:
    """Keep one core busy meanwhile."""
    if not wanted:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        # The busy process's own time is counted here, between two measurements.
        process.wait()


def least(arguments: tuple[str, ...], sources: list[Path], folder: Path, runs: int) -> list[tuple[float, float]]:
    """Return the least wall and processor time with each source folder; the folders take turns."""
    found = [[measure(arguments, source, folder) for source in sources] for _ in range(runs)]
    return [
        (min(wall for wall, _ in column), min(processor for _, processor in column))
        for column in zip(*found, strict=True)
    ]


def print_steps(rounds: int = 5, steps: int = 20) -> None:
    """Print the least milliseconds of a step of nano, of the plain decoder and of the stock network in turns."""
    import torch
    from transformers import DynamicCache

    from biomatrix.generation.qwen3.cache import KeyValues
    from biomatrix.generation.qwen3.opening import open_plain

    torch.set_num_threads(1)
    plain = open_plain(NANO, torch.float32)
    assert plain is not None
    stock = plain.stock()

    def taken(network: Any, cache: Any, rows: int) -> float:
        """Return the processor time of each of some steps behind a prompt of 32 tokens."""

        def read(first: int, end: int) -> None:
            places = torch.arange(first, end).expand(rows, end - first)
            mask = torch.ones(rows, end, dtype=torch.int64)
            network(input_ids=places % 50, attention_mask=mask, position_ids=places, past_key_values=cache)

        with torch.inference_mode():
            read(0, 32)
            started = time.process_time()
            for place in range(32, 32 + steps):
                read(place, place + 1)
            return (time.process_time() - started) / steps

    for rows in (1, 8, 64):
        pairs = [
            (taken(plain, KeyValues(), rows), taken(stock.model, DynamicCache(config=stock.config), rows))
            for _ in range(rounds)
        ]
        ours, theirs = (1000 * min(column) for column in zip(*pairs, strict=True))
        print(f"  {rows:3} rows: {ours:6.2f} ms a step, the stock network {theirs:6.2f} ms: {theirs / ours:.2f} times")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", type=Path, help="a folder that holds another version of the package")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="measure what has this in its name")
    parser.add_argument("--steps", action="store_true", help="compare steps of the decoder with the stock network")
    given = parser.parse_args()
    if given.steps:
        print_steps()
        return
    sources = [SOURCE] if given.against is None else [SOURCE, given.against.resolve()]
    too_slow = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "one.smi").write_text("CCO ethanol\n", encoding="utf-8")
        sources = [Path(shutil.copytree(source, folder / f"source{number}")) for number, source in enumerate(sources)]
        for source in reversed(sources):
            measure((*COMMAND, "encode", "one.smi", "-o", "one.tokens.jsonl"), source, folder)
        for busy in (False, True):
            print("beside a busy process" if busy else "alone", flush=True)
            for title, arguments in MEASURED.items():
                if given.only not in title:
                    continue
                with busy_process(busy):
                    figures = least(arguments, sources, folder, given.runs)
                wall, processor = figures[0]
                line = f"  {title:28} {wall:6.2f} s, processor {processor:6.2f} s"
                if len(figures) > 1:
                    other_wall, other = figures[1]
                    line += f"; the other {other_wall:6.2f} s, {other:6.2f} s: {other / processor:.1f} times"
                print(line, flush=True)
                too_slow |= not busy and title in LIMITED and processor >= LIMIT_SECONDS
    sys.exit(int(too_slow))


if __name__ == "__main__":
    main()
