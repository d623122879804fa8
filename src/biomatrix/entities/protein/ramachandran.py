"""Where native residues lie in the plane of phi and psi: favoured, allowed, outlier, by class of residue.

The table beside this file is counted from experimental chains of the training split; it names its source. Favoured
cells hold 98% of a class's residues, favoured and allowed ones 99.8%, the contours of Lovell et al. (Proteins 2003).

Legend: L residues.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

CLASSES: Final = ("general", "glycine", "proline", "before_proline", "unknown")
TABLE: Final = Path(__file__).with_name("ramachandran.json")
OUTLIER, ALLOWED, FAVOURED = 0, 1, 2
"""The regions."""
_LETTERS: Final = ".aF"


@cache
def region_table() -> NDArray[np.int8]:
    """Return the region of every cell: ``int8 [5, cells, cells]``, by class, row of psi (180 down), column of phi."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))["regions"]
    return np.array(
        [[[_LETTERS.index(letter) for letter in row] for row in table[name]] for name in CLASSES], dtype=np.int8
    )


def classes_of(sequence: str) -> NDArray[np.int8]:
    """Return the number in ``CLASSES`` of each residue, ``int8 [L]``; unknown is the letter X."""
    letters = np.frombuffer(sequence.encode("ascii"), dtype="S1")
    classes = np.zeros(len(letters), dtype=np.int8)
    classes[:-1][letters[1:] == b"P"] = CLASSES.index("before_proline")
    classes[letters == b"X"] = CLASSES.index("unknown")
    classes[letters == b"G"] = CLASSES.index("glycine")
    classes[letters == b"P"] = CLASSES.index("proline")
    return classes


def regions_of(phi: NDArray[np.float64], psi: NDArray[np.float64], classes: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return the region of each residue.

    Parameters
    ----------
    phi, psi : ndarray, shape=(n,), dtype=float64
        Degrees from -180 to 180, finite.
    classes : ndarray, shape=(n,), dtype=int8
        As :func:`classes_of` gives them.

    Returns
    -------
    ndarray, shape=(n,), dtype=int8
        OUTLIER, ALLOWED or FAVOURED.
    """
    table = region_table()
    cells = table.shape[1]
    row = np.clip((180.0 - psi) * cells / 360.0, 0, cells - 1).astype(np.int64)
    column = np.clip((phi + 180.0) * cells / 360.0, 0, cells - 1).astype(np.int64)
    return np.asarray(table[classes, row, column])
