"""Peak memory and rate of `biomatrix encode` and `decode`, by size: memory should stay the same from 10^4 to 10^6.

    python benchmarks/conversion_memory.py                        # 10^4, 10^5 and 10^6 records
    python benchmarks/conversion_memory.py --sizes 10000 100000 --jobs encode-smi decode-smi

Records are short molecules and sequences made with a fixed seed; in the jobs named "broken", every fourth cannot be
read, each in words of its own. Every job runs in a process of its own. Printed are records per second, and the peak
resident memory with its ratio to that of the smallest size; the exit status is 1 where a ratio passes --most.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from biomatrix.peak_memory import peak_memory_bytes

LETTERS: Final = "ACDEFGHIKLMNPQRSTVWY"
RESIDUES: Final = 60
MOLECULES: Final = ("CC(C)COC(c1ccccc1)=O", "CC(=O)Nc1ccc(O)cc1", "C[C@H](N)C(=O)O", "Cn1cnc2c1c(=O)n(C)c(=O)n2C")
BLOCK: Final = """{name}
  made by hand

  3  2  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 C   0  0
    1.5000    0.0000    0.0000 C   0  0
    2.2000    1.2000    0.0000 O   0  0
  1  2  1  0
  2  3  1  0
M  END
$$$$
"""


@dataclass(frozen=True)
class Job:
    """One conversion: what it reads, as what, and what it writes."""

    command: str
    source: str
    output: str
    modality: str | None = None
    broken: bool = False


JOBS: Final = {
    "encode-smi": Job("encode", "smi", "out.jsonl", "molecule_smiles"),
    "encode-smi-broken": Job("encode", "smi", "out.jsonl", "molecule_smiles", broken=True),
    "encode-sdf": Job("encode", "sdf", "out.jsonl", "molecule_smiles"),
    "encode-fasta": Job("encode", "fasta", "out.jsonl.gz", "protein_sequence"),
    "decode-smi": Job("decode", "smi.jsonl", "out.smi"),
    "decode-smi-broken": Job("decode", "smi.jsonl", "out.smi", broken=True),
    "decode-sdf": Job("decode", "smi.jsonl.gz", "out.sdf.gz"),
    "decode-fasta": Job("decode", "fasta.jsonl.gz", "out.fasta"),
}


def records(job: Job, count: int) -> Iterator[str]:
    """Yield the records of a job's source one by one."""
    rng = random.Random(0)
    for number in range(count):
        wrong = job.broken and number % 4 == 0
        molecule = "C" * rng.randrange(8) + MOLECULES[number % len(MOLECULES)] + (f"(N{number}" if wrong else "")
        sequence = "".join(rng.choices(LETTERS, k=RESIDUES))
        name = f"m{number}"
        if job.source == "smi":
            yield f"{molecule} {name}\n"
        elif job.source == "sdf":
            yield BLOCK.format(name=name)
        elif job.source == "fasta":
            yield f">{name} made by hand\n{sequence}\n"
        elif job.source.startswith("smi.jsonl"):
            yield json.dumps({"text": f"<|mol_smi_start|>{molecule}<|mol_smi_end|>", "name": name}) + "\n"
        else:
            tokens = "".join(f"<A {letter}>" for letter in sequence)
            yield json.dumps({"text": f"<|prot_aa_start|>{tokens}<|prot_aa_end|>", "name": name}) + "\n"


def write_source(job: Job, count: int, folder: Path) -> Path:
    """Write the source of a job and return its path."""
    path = folder / f"in.{job.source}"
    stream: IO[str]
    with gzip.open(path, "wt", compresslevel=1) if path.suffix == ".gz" else path.open("w") as stream:
        stream.writelines(records(job, count))
    return path


def measured(name: str, count: int, scratch: Path) -> tuple[float, float]:
    """Run one job in a process of its own; return its records per second and its peak memory in MB."""
    job = JOBS[name]
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        source = write_source(job, count, Path(folder))
        command = [sys.executable, __file__, "--job", name, "--source", str(source)]
        begin = time.perf_counter()
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        seconds = time.perf_counter() - begin
    return count / seconds, float(done.stdout.splitlines()[-1])


def run_job(name: str, source: Path) -> None:
    """Run one job by the functions of the command line, and print the peak memory of this process in MB."""
    from biomatrix.conversion import decode_from_lines, encode_to_lines

    job = JOBS[name]
    output = source.with_name(job.output)
    if job.command == "encode":
        counts = encode_to_lines(str(source), output, modalities=[job.modality] if job.modality else None)
    else:
        counts = decode_from_lines(str(source), output)
    if not counts.succeeded or bool(counts.rejected) != job.broken:
        raise SystemExit(f"{name}: {counts.as_text()}")
    print(peak_memory_bytes() / 2**20)


def report(sizes: Sequence[int], names: Sequence[str], most: float) -> bool:
    """Measure every job at every size and print the table; return whether memory stays flat."""
    flat = True
    print(f"{'job':18s} {'records':>10s} {'per second':>11s} {'peak MB':>9s} {'ratio':>7s}")
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            base = 0.0
            for count in sizes:
                rate, megabytes = measured(name, count, Path(scratch))
                base = base or megabytes
                flat = flat and megabytes / base <= most
                print(f"{name:18s} {count:10,d} {rate:11,.0f} {megabytes:9.1f} {megabytes / base:7.2f}", flush=True)
    return flat


def main() -> None:
    """Print the table, or run one job and print its peak memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS), metavar="JOB", help=", ".join(JOBS))
    parser.add_argument("--most", type=float, default=1.2, help="the most that memory may grow, as a ratio")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    parser.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.job:
        run_job(arguments.job, arguments.source)
    elif not report(arguments.sizes, arguments.jobs, arguments.most):
        sys.exit(1)


if __name__ == "__main__":
    main()
