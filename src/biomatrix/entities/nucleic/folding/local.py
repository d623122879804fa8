"""Unpaired bases of long sequences, through windows: time grows with the length alone.

Source: Bernhart et al., Bioinformatics 22 (2006) 614 (RNAplfold).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.nucleic.folding.library import letters_to_fold, vienna

WINDOW, SPAN = 200, 150
"""Bases of a window, and the longest distance of two that pair."""


def local_unpaired(sequence: str, window: int = WINDOW, span: int = SPAN) -> NDArray[np.float64]:
    """Return the probability at 37 C that each base is unpaired, the mean over its windows, ``float64 [L]``.

    Pairs further apart than ``span`` are not seen, so long sequences look more open than in their whole ensemble.
    Errors are those of :func:`~.structures.fold`.
    """
    letters = letters_to_fold(sequence)
    window = min(window, len(letters))
    table = vienna().pfl_fold_up(letters, 1, window, min(span, window))
    return np.clip(np.array([row[1] for row in table[1:]], dtype=np.float64), 0, 1)
