"""How long the package takes to start: a bare interpreter, the import, the help text.

    python benchmarks/startup.py

Prints the quickest of several runs of each beside a bare interpreter in the same run. Exits with 1 when the import or
the help text takes 0.5 s or more.
"""

from __future__ import annotations

import subprocess
import sys
import time

RUNS = 7
LIMIT_SECONDS = 0.5


def quickest(*arguments: str) -> float:
    """Return the least wall time of several runs of the interpreter, in seconds."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Measure and print."""
    bare = quickest("-c", "pass")
    found = {
        "import biomatrix": quickest("-c", "import biomatrix"),
        "biomatrix --help": quickest("-m", "biomatrix.cli.main", "--help"),
    }
    print(f"bare interpreter  {bare:.3f} s")
    for name, seconds in found.items():
        print(f"{name}  {seconds:.3f} s  ({seconds / bare:.1f} times a bare interpreter; limit {LIMIT_SECONDS} s)")
    sys.exit(int(max(found.values()) >= LIMIT_SECONDS))


if __name__ == "__main__":
    main()
