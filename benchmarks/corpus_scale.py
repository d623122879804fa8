"""Rate and peak memory of building a corpus, by size: both should stay the same from 10^4 to 10^6 records.

    python benchmarks/corpus_scale.py                            # 10^4, 10^5 and 10^6 records
    python benchmarks/corpus_scale.py --sizes 10000 100000

Records are short random protein sequences in Parquet, FASTA and JSON lines, a third each, read by a recipe alone. Every
pass runs in a process of its own: records, tokens (one modality), vocabulary. Printed are records per second, records
per second of processor time (which other work on the machine disturbs less) and the peak resident memory, with ratios
to the smallest size; then two workers against one on the largest: by the clock, which needs two free cores, and by the
processor time that one needs against half of what two need together.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LETTERS = np.array(list("ACDEFGHIKLMNPQRSTVWY"))
RESIDUES = 60
WRITTEN_TOGETHER = 10_000
PASSES = ("records", "tokens", "vocabulary")
MODALITY = "protein_sequence"


def write_data(folder: Path, count: int) -> None:
    """Write ``count`` sequences with a name, a third in each format, with one batch in memory at a time."""
    rng = np.random.default_rng(0)
    schema = pa.schema([("id", pa.string()), ("sequence", pa.string()), ("name", pa.string())])
    with (
        pq.ParquetWriter(folder / "data.parquet", schema) as table,
        (folder / "data.fasta").open("w") as fasta,
        (folder / "data.jsonl").open("w") as lines,
    ):
        for first in range(0, count, 3 * WRITTEN_TOGETHER):
            each = min(WRITTEN_TOGETHER, (count - first + 2) // 3)
            for part in range(3):
                letters = LETTERS[rng.integers(0, len(LETTERS), (each, RESIDUES))]
                rows = [
                    {"id": f"{part}-{first + i}", "sequence": "".join(row), "name": f"protein {first + i}"}
                    for i, row in enumerate(letters)
                ]
                if part == 0:
                    table.write_table(pa.Table.from_pylist(rows, schema))
                elif part == 1:
                    fasta.writelines(f">{row['id']} {row['name']}\n{row['sequence']}\n" for row in rows)
                else:
                    lines.writelines(json.dumps(row) + "\n" for row in rows)


def recipe() -> Any:
    """Return the recipe over the three files."""
    from biomatrix.corpus import CorpusRecipe

    columns: dict[str, Any] = {"entity": "sequence", "id": "id", "fields": {"name": "name"}}
    described = {"parquet": columns, "fasta": {"fields": {"description": "name"}}, "jsonl": columns}
    shared = {"kind": "protein", "licence": ["CC0-1.0"]}
    sources = [
        {"name": reader, "reader": reader, "files": [f"data.{reader}"], **shared, **more}
        for reader, more in described.items()
    ]
    settings = {"views": {}, "tasks": {}, "modalities": [MODALITY], "vocabulary": {"text_entries": 500}}
    return CorpusRecipe.model_validate({"name": "scale", "sources": sources, **settings})


def run_pass(name: str, folder: Path, workers: int) -> dict[str, float]:
    """Run one pass over the data of a folder; return its seconds, processor seconds and peak memory in MB."""
    from biomatrix.corpus.build_records import build_records
    from biomatrix.corpus.build_tokens import build_tokens
    from biomatrix.corpus.build_vocabulary import build_vocabulary

    wanted, work = recipe(), folder / f"work{workers}"

    def records() -> Any:
        return build_records(wanted.sources, folder, work, size=wanted.slice_rows, workers=workers)

    def tokens() -> Any:
        return build_tokens(records(), work, modalities=[MODALITY], workers=workers)

    steps = {"records": records, "tokens": tokens, "vocabulary": lambda: build_vocabulary(tokens(), wanted)}
    begin, before = time.perf_counter(), processor_seconds()
    steps[name]()
    return {
        "seconds": time.perf_counter() - begin,
        "processor": processor_seconds() - before,
        "megabytes": peak_memory(),
    }


def processor_seconds() -> float:
    """Return the processor time of this process and its finished children, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak_memory() -> float:
    """Return the peak resident memory of this process and of its largest child, in MB."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def measured(name: str, folder: Path, workers: int = 1) -> dict[str, float]:
    """Run one pass in a process of its own."""
    command = [sys.executable, __file__, "--pass", name, "--folder", str(folder), "--workers", str(workers)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def report(sizes: Sequence[int], scratch: Path, workers: int) -> None:
    """Measure every size and print the table."""
    heads = ("records", "per second", "ratio", "per CPU s", "ratio", "peak MB", "ratio")
    print(f"{'pass':12s}", *(f"{head:>10s}" for head in heads))
    first: dict[str, tuple[float, ...]] = {}
    for count in sizes:
        folder = scratch / str(count)
        folder.mkdir()
        write_data(folder, count)
        for name in PASSES:
            found = measured(name, folder)
            figures = (count / found["seconds"], count / found["processor"], found["megabytes"])
            base = first.setdefault(name, figures)
            cells = [f"{figure:10,.0f} {figure / known:10.2f}" for figure, known in zip(figures, base, strict=True)]
            print(f"{name:12s} {count:10,d}", *cells, flush=True)
    folder = scratch / str(sizes[-1])
    one = run_alone(folder, 1, "again")
    many = run_alone(folder, workers, "many")
    for name in ("records", "tokens"):
        clock = one[name]["seconds"] / many[name]["seconds"]
        free = workers * one[name]["processor"] / many[name]["processor"]
        print(f"{name}, {sizes[-1]:,} records: {workers} workers {clock:.2f} times as fast as one by the clock", end="")
        print(f", {free:.2f} by processor time")


def run_alone(folder: Path, workers: int, label: str) -> dict[str, dict[str, float]]:
    """Return the figures of the passes that workers share, over a work folder of their own."""
    place = folder / label
    place.mkdir()
    for reader in ("parquet", "fasta", "jsonl"):
        (place / f"data.{reader}").hardlink_to(folder / f"data.{reader}")
    return {name: measured(name, place, workers) for name in ("records", "tokens")}


def main() -> None:
    """Print the table, or run one pass and print its figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--workers", type=int, default=2, help="compared with one")
    parser.add_argument("--pass", dest="step", choices=PASSES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(run_pass(arguments.step, arguments.folder, arguments.workers)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        report(arguments.sizes, Path(scratch), arguments.workers)


if __name__ == "__main__":
    main()
