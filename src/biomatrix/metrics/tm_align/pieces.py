"""The start from fits of short pieces: each piece of one chain on each of the other says where the chains may lie."""

from __future__ import annotations

from typing import Final

import numpy as np

from biomatrix.metrics.tm_align.closeness import Chains, NearByMotions
from biomatrix.metrics.tm_align.dynamic import Map, align
from biomatrix.metrics.tm_align.fits import Array, Motions
from biomatrix.metrics.tm_align.rotations import proper_rotations
from biomatrix.metrics.tm_align.scales import Scale
from biomatrix.metrics.tm_align.threading import quick_scores

_AT_ONCE: Final = 80
"""Alignments at once: the products are of use for many, and their tables take two bytes a cell."""


def alignment_by_pieces(chains: Chains, scale: Scale) -> Map | None:
    """Return the best alignment by the distances that fits of short pieces leave."""
    best, highest = None, 0.0
    motions = _fits_of_pieces(chains)
    for begin in range(0, len(motions), _AT_ONCE):
        part = Motions(motions.rotations[begin : begin + _AT_ONCE], motions.translations[begin : begin + _AT_ONCE])
        maps = np.stack(align(NearByMotions(chains, part, scale.d0 + 1.5), 0.0))
        scores = quick_scores(chains.moving, chains.fixed, maps, scale)
        if scores.max() > highest:
            best, highest = maps[scores.argmax()], float(scores.max())
    return best


def _fits_of_pieces(chains: Chains) -> Motions:
    n, m = chains.size
    rotations, translations = [], []
    for size in (min(20, min(n, m) // 3), min(100, min(n, m) // 2)):
        x, centres_x = _pieces(chains.moving, size)
        y, centres_y = _pieces(chains.fixed, size)
        covariance = np.einsum("bpi,apj->abij", y, x).reshape(-1, 3, 3)
        rotation = proper_rotations(covariance)
        moved = np.einsum("abij,aj->abi", rotation.reshape(len(x), len(y), 3, 3), centres_x)
        rotations.append(rotation)
        translations.append((centres_y - moved).reshape(-1, 3))
    return Motions(np.concatenate(rotations), np.concatenate(translations))


def _pieces(points: Array, size: int) -> tuple[Array, Array]:
    """Return the pieces of a size about their centres, ``float64 [pieces, size, 3]``, and the centres."""
    begins = np.arange(0, len(points) - size + 1, _jump(len(points)))
    pieces = points[begins[:, None] + np.arange(size)]
    centres = pieces.mean(axis=1)
    return pieces - centres[:, None], centres


def _jump(length: int) -> int:
    """Return the residues from one piece to the next, by the length of the chain."""
    wide = 45 if length > 250 else 35 if length > 200 else 25 if length > 150 else 15
    return min(wide, length // 3)
