"""Outside programs: found, run on a file of sequences, and what is amiss said in one line."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from biomatrix.errors import BioMatrixError, ConfigurationError

LINE: Final = 60


def program(name: str | Path, what: str, where: str) -> str:
    """Return the path of a program; ConfigurationError with where to get it if it is not there."""
    found = shutil.which(str(name))
    if found is None:
        raise ConfigurationError(f"{what} needs the program {name}, which is not there; install it from {where}")
    return found


def run(command: Sequence[str], what: str, timeout: float | None = None) -> None:
    """Run a program to its end; BioMatrixError with the last line it wrote where it fails or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BioMatrixError(f"{what} did not run: {error}") from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise BioMatrixError(f"{what} failed with status {done.returncode}: {lines[-1] if lines else 'no message'}")


def write_fasta(path: Path, sequences: Sequence[str]) -> None:
    """Write sequences under their numbers, in lines of 60."""
    records = []
    for number, sequence in enumerate(sequences):
        lines = [sequence[start : start + LINE] for start in range(0, len(sequence), LINE)]
        records.append("\n".join([f">{number}", *lines]))
    path.write_text("\n".join(records) + "\n", encoding="ascii", errors="replace")
