"""Mutated files of cells: each gives cells that hold together, or an error with a name; no crash, no hang.

    python benchmarks/fuzz_cells.py                    # 10,000 mutants
    python benchmarks/fuzz_cells.py --mutants 300 --first 5000

Half of the mutants have bytes changed anywhere, half have a part of the file changed (a value, a type, a length, a
link, an attribute). They are read in a process of their own, which may use 20 seconds of processor time for one and
2 GiB of memory in all; where it dies, that mutant is a fault and the next process goes on. An answer counts only where
it holds together: finite values above 0, columns in order and inside the matrix, as many cells as names.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from fuzzing.cell_mutants import mutant, seeds

from biomatrix.entities.cell.cell_set import CellSet
from biomatrix.errors import BioMatrixError
from biomatrix.peak_memory import peak_memory_bytes

SECONDS: Final = 20
MEMORY: Final = 2 << 30
SAID: Final = 500


@dataclass(frozen=True)
class Trial:
    """What became of one mutant.

    Parameters
    ----------
    number : int
    outcome : str
        ``answer``, the name of an error of this package, or ``fault``.
    detail : str
        Of a fault, what it is.
    """

    number: int
    outcome: str
    detail: str = ""


def read_mutant(path: Path) -> tuple[str, str]:
    """Return what reading a file comes to, and of a fault what it is."""
    try:
        cells = CellSet.from_file(path)
        fault = _broken(cells)
        with CellSet.from_file(path, backed=True) as backed:
            if (backed[: len(backed)].matrix != cells.matrix).nnz:
                fault = "reads otherwise by ranges"
    except BioMatrixError as error:
        if error.file is None or "\n" in str(error):
            return "fault", f"an error without file, or of several lines: {error}"
        return type(error).__name__, ""
    except Exception as error:  # noqa: BLE001 - whatever is not an error of the package is a fault
        return "fault", f"{type(error).__name__}: {error}"
    return ("fault", fault) if fault else ("answer", "")


def _broken(cells: CellSet) -> str:
    """Return what does not hold together in a set of cells, "" for nothing."""
    matrix = cells.matrix
    if not (np.isfinite(matrix.data).all() and (matrix.data > 0).all()):
        return "values that are not above 0"
    if len(matrix.indices) and not (matrix.indices.min() >= 0 and matrix.indices.max() < matrix.shape[1]):
        return "columns outside the matrix"
    if not matrix.has_canonical_format or len(cells.genes) != matrix.shape[1] or len(cells) != cells.adata.n_obs:
        return "parts that do not fit"
    return "" if sum(1 for _ in cells) == len(cells) else "cells that are missing"


def worker(first: int, last: int) -> None:
    """Read mutants and print a line for each before and after."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    files = list(seeds().items())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutant.h5ad"
        for number in range(first, last):
            name, content = files[number // 2 % len(files)]
            changed, how = mutant(content, number)
            path.write_bytes(changed)
            print(json.dumps({"begins": number, "how": f"{name}: {how}"}), flush=True)
            # Processor time, so that other work on the machine does not count; the signal ends the process.
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            outcome, detail = read_mutant(path)
            signal.setitimer(signal.ITIMER_PROF, 0)
            used = peak_memory_bytes()
            if used > MEMORY:
                outcome, detail = "fault", f"{used / 2**30:.1f} GiB of memory"
            print(json.dumps({"number": number, "outcome": outcome, "detail": detail}), flush=True)
            if used > MEMORY:
                return


def run(mutants: int, first: int = 0) -> Iterator[Trial]:
    """Yield what becomes of each mutant, numbered from ``first``."""
    at, last = first, first + mutants
    while at < last:
        command = [sys.executable, __file__, "--worker", str(at), str(last)]
        how = ""
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            begun = at - 1
            for line in process.stdout:
                said = json.loads(line)
                if "begins" in said:
                    begun, how = said["begins"], said["how"]
                    continue
                at = said["number"] + 1
                detail = f"{said['detail']} ({how})" if said["detail"] else ""
                yield Trial(said["number"], said["outcome"], detail)
            words = process.stderr.read() if process.stderr is not None else ""
            ended = process.wait()
        if ended and begun >= at:
            at = begun + 1
            yield Trial(begun, "fault", f"the process ended with {ended} ({how})")
        elif ended:
            raise RuntimeError(f"the process that reads mutants ended with {ended}: {words[-2000:]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--worker", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(*options.worker)
        return
    counts: Counter[str] = Counter()
    faults = []
    for done, trial in enumerate(run(options.mutants, options.first), start=1):
        counts[trial.outcome] += 1
        if trial.outcome == "fault":
            faults.append(trial)
            print(f"fault of mutant {trial.number}: {trial.detail}", flush=True)
        if done % SAID == 0:
            print(f"{done:,}: {dict(counts.most_common())}", flush=True)
    print(dict(counts.most_common()))
    if faults:
        raise SystemExit(f"{len(faults):,} faults of {options.mutants:,} mutants")


if __name__ == "__main__":
    main()
