"""Decode a chain in which some codes are wrong.

While few codes in a row are wrong, the tree finds the steps they should have been, and the chain is exact again. Where
it loses the way, the next stretch without a wrong code is placed by its digits alone, within an Angstrom or so, and the
search goes on from there. What lies between is dead reckoned from both ends, so the chain shows a break there.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.protein.structure.anchored.placement import routes
from biomatrix.entities.protein.structure.anchored.reading import Piece, Reading
from biomatrix.entities.protein.structure.anchored.tree import StepTree, agreement_gain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.protein.structure.geometric.codebook import StepCodebook

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
    starts = [0] + [_meeting(reading, *pair) for pair in pairwise(pieces)]
    for piece, start, end in zip(pieces, starts, [*starts[1:], len(reading)], strict=True):
        span = slice(start, end)
        rotations[span] = piece.rotation @ reading.rotations[span]
        origins[span] = reading.origins[span] @ piece.rotation.T + piece.shift
    return rotations, origins


def _meeting(reading: Reading, before: Piece, after: Piece) -> int:
    """Where the second of two pieces takes over; in a gap, where most digits agree with steps from its ends."""
    if after.start <= before.end:
        return after.start
    gap = np.arange(before.end, after.start)
    first, second = reading.agree(gap, before.motion), reading.agree(gap, after.motion)
    agreeing = np.concatenate([[0], np.cumsum(first)]) + np.concatenate([np.cumsum(second[::-1])[::-1], [0]])
    return before.end + int(agreeing.argmax())


def _pieces(reading: Reading, codebook: StepCodebook) -> list[Piece]:
    """Pieces of the chain in order; the last may disagree with the end of the chain."""
    still = (np.eye(3), np.zeros(3))
    # The digit of the first residue carries nothing: it stands at the origin.
    first = Piece(0, reading.first_wrong(still, 1), *still)
    if first.end == len(reading):
        return [first]
    pieces = StepTree(reading, codebook).walk([first], _ALLOWANCE)
    loose = replace(reading, slack=_SLACK)
    gain, tree = agreement_gain(loose), StepTree(loose, codebook)
    while pieces[-1].end < len(reading):
        ways = routes(loose, pieces[-1], gain)
        if not ways:
            break
        pieces += ways[0] if ways[0][-1].end >= len(reading) else _follow(tree, ways)
    return pieces


def _follow(tree: StepTree, ways: list[list[Piece]]) -> list[Piece]:
    """The way whose end the tree follows best, and what it finds from there."""
    open_ways = [way for way in ways if way[-1].end < len(tree.reading)]
    path = tree.walk([way[-1] for way in open_ways], _ALLOWANCE_WHEN_LOST)
    (way,) = [way for way in open_ways if way[-1] is path[0]]
    return way[:-1] + path
