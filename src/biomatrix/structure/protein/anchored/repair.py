"""Decode a chain in which some codes are wrong.

While few codes in a row are wrong, the tree finds the steps they should have been, and the chain is exact again. Where
it loses the way, the next stretch without a wrong code is placed by its digits alone, within an Angstrom or so, and the
search goes on from there. What lies between is left as dead reckoning has it, so the chain may show a break.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.structure.protein.anchored.placement import placements
from biomatrix.structure.protein.anchored.reading import Piece, Reading
from biomatrix.structure.protein.anchored.tree import StepTree, agreement_gain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.structure.protein.geometric_codebook import StepCodebook

_ALLOWANCE: Final = 2000
_ALLOWANCE_WHEN_LOST: Final = 600
"""Hypotheses the tree may follow without progress, before and after the way was first lost."""

_SLACK: Final = 0.5
"""Angstrom by which residues may miss their slabs once placements are not exact."""


def repaired(reading: Reading, codebook: StepCodebook) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frames of the chain that most codes agree with: rotations [n, 3, 3] and origins [n, 3].

    Parameters
    ----------
    reading : Reading
        Without slack.
    codebook : StepCodebook
    """
    pieces = _pieces(reading, codebook)
    rotations, origins = np.empty_like(reading.rotations), np.empty_like(reading.origins)
    ends = [piece.start for piece in pieces[1:]] + [len(reading)]
    for piece, end in zip(pieces, ends, strict=True):
        span = slice(piece.start, end)
        rotations[span] = piece.rotation @ reading.rotations[span]
        origins[span] = reading.origins[span] @ piece.rotation.T + piece.shift
    return rotations, origins


def _pieces(reading: Reading, codebook: StepCodebook) -> list[Piece]:
    """Pieces of the chain in order; the last may disagree with the end of the chain."""
    still = (np.eye(3), np.zeros(3))
    # The digit of the first residue says nothing: it stands at the origin.
    first = Piece(0, reading.first_wrong(still, 1), *still)
    if first.end == len(reading):
        return [first]
    pieces = StepTree(reading, codebook).walk([first], _ALLOWANCE)
    loose = replace(reading, slack=_SLACK)
    gain, tree = agreement_gain(loose), StepTree(loose, codebook)
    while pieces[-1].end < len(reading):
        roots = placements(loose, pieces[-1], gain)
        if not roots:
            break
        whole = [root for root in roots if root.end >= len(reading)]
        pieces += whole[:1] or tree.walk(roots, _ALLOWANCE_WHEN_LOST)
    return pieces
