"""The index files of PDBbind: a line for each complex with what was measured, such as ``Kd=49uM``."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Final

from biomatrix.entities.files.reading import read_lines

_UNITS: Final = {"M": 0, "mM": -3, "uM": -6, "nM": -9, "pM": -12, "fM": -15}
_LINE: Final = re.compile(r"(\w{4})\s+\S+\s+\d{4}\s+(.*)")
_MEASURED: Final = re.compile(r"(?:Kd|Ki|IC50)(?:<=|>=|[=<>~])([0-9.]+(?:[eE][+-]?\d+)?)(fM|pM|nM|uM|mM|M)\b")


def affinities(path: Path) -> dict[str, float]:
    """Return -log10 of the measured constant in mol/L by PDB code; lines without a constant are passed over.

    Examples
    --------
    The line ``2tpi  2.10  1982  Kd=49uM       // 2tpi.pdf (2-mer)`` says 4.31.
    """
    found = {}
    for line in read_lines(path):
        row = _LINE.match(line)
        measured = _MEASURED.search(row[2]) if row else None
        if row and measured and float(measured[1]) > 0:
            found[row[1]] = -math.log10(float(measured[1])) - _UNITS[measured[2]]
    return found
