"""What pairs of residues are worth to an alignment: how near they lie, and whether their secondary structures agree.

Legend: n residues of the moving chain, m of the fixed one, b alignments at once; a pair at distance d is worth
``1 / (1 + (d / d0)**2)``. Chains of several lengths are filled up to the greatest. The fixed chain is held backwards,
so that the cells of an antidiagonal are made of two contiguous stretches, in one space that each overwrites: to ask for
memory takes longer than to fill it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biomatrix.metrics.tm_align.fits import Array, Motions


@dataclass(frozen=True)
class Chains:
    """Two chains to align.

    Parameters
    ----------
    moving, fixed : ndarray, shape=(n, 3) and (m, 3), dtype=float64
        CA positions in Angstrom, none missing.
    shapes : pair of ndarray, shape=(n,) and (m,), dtype=int64
        Classes of secondary structure.
    """

    moving: Array
    fixed: Array
    shapes: tuple[NDArray[np.int64], NDArray[np.int64]]

    @property
    def size(self) -> tuple[int, int]:
        """The lengths of both."""
        return len(self.moving), len(self.fixed)


class NearOnes:
    """The worth of pairs by distance, of one pair of chains each.

    Parameters
    ----------
    chains : sequence of Chains, length b
    moved : sequence of ndarray, shape=(n, 3), dtype=float64
        The moving chains where they now lie.
    d0 : sequence of float
        Angstrom.
    """

    def __init__(self, chains: Sequence[Chains], moved: Sequence[Array], d0: Sequence[float]) -> None:
        self.sizes = [each.size for each in chains]
        scaled = [points.T / d for points, d in zip(moved, d0, strict=True)]
        backwards = [each.fixed[::-1].T / d for each, d in zip(chains, d0, strict=True)]
        self._x, self._y = _filled(scaled, at_end=False), _filled(backwards, at_end=True)
        self._space = np.empty_like(self._x)

    def antidiagonal(self, k: int, low: int, high: int) -> Array:
        """Return the worth of the cells of an antidiagonal, ``float64 [high - low, b]``."""
        begin = self._y.shape[1] - k + low
        apart = self._space[:, : high - low]
        np.subtract(self._x[:, low - 1 : high - 1], self._y[:, begin : begin + high - low], out=apart)
        np.multiply(apart, apart, out=apart)
        total = apart[0]
        total += apart[1]
        total += apart[2]
        total += 1.0
        return np.asarray(np.divide(1.0, total, out=total))


class Alike:
    """The worth of pairs by secondary structure: a weight where it is the same.

    Parameters
    ----------
    chains : sequence of Chains, length b
    weight : float
    """

    def __init__(self, chains: Sequence[Chains], weight: float) -> None:
        self.sizes = [each.size for each in chains]
        self._first = _filled([each.shapes[0][None] for each in chains], at_end=False)[0]
        self._second = _filled([each.shapes[1][None, ::-1] for each in chains], at_end=True)[0]
        self._weight = weight

    def antidiagonal(self, k: int, low: int, high: int) -> Array:
        """Return the worth of the cells of an antidiagonal, ``float64 [high - low, b]``."""
        begin = len(self._second) - k + low
        same = self._first[low - 1 : high - 1] == self._second[begin : begin + high - low]
        return np.asarray(same * self._weight)


class NearAndAlike:
    """The worth of pairs by distance and by secondary structure."""

    def __init__(self, near: NearOnes, alike: Alike) -> None:
        self.sizes = near.sizes
        self._near, self._alike = near, alike

    def antidiagonal(self, k: int, low: int, high: int) -> Array:
        """Return the worth of the cells of an antidiagonal, ``float64 [high - low, b]``."""
        worth = self._near.antidiagonal(k, low, high)
        worth += self._alike.antidiagonal(k, low, high)
        return worth


class NearByMotions:
    """The worth of pairs by distance, of one pair of chains after many motions.

    The squared distances are linear in seventeen numbers of the motion, so that those of an antidiagonal after all
    motions are one matrix product.

    Parameters
    ----------
    chains : Chains
    motions : Motions, length b
    d0 : float
        Angstrom.
    """

    def __init__(self, chains: Chains, motions: Motions, d0: float) -> None:
        n, m = chains.size
        self.sizes = [(n, m)] * len(motions)
        # Centred, so that sums of squares lose no digits far from the origin.
        centres = chains.moving.mean(axis=0), chains.fixed.mean(axis=0)
        self._x = np.ascontiguousarray((chains.moving - centres[0]).T / d0)
        self._y = np.ascontiguousarray((chains.fixed - centres[1])[::-1].T / d0)
        self._squares = (self._x**2).sum(axis=0), (self._y**2).sum(axis=0)
        self._terms = np.ones((17, n))
        turned = motions.rotations
        shift = (motions.translations - centres[1] + turned @ centres[0]) / d0
        back = np.einsum("sij,si->sj", turned, shift)
        constant = 1.0 + (shift**2).sum(axis=1, keepdims=True)
        ones = np.ones_like(constant)
        outer = -2.0 * np.swapaxes(turned, 1, 2).reshape(-1, 9)  # [moving, fixed]
        self._factors = np.ascontiguousarray(np.hstack([constant, ones, 2.0 * back, -2.0 * shift, outer]).T)
        self._space = np.empty((n, len(motions)))

    def antidiagonal(self, k: int, low: int, high: int) -> Array:
        """Return the worth of the cells of an antidiagonal, ``float64 [high - low, b]``."""
        begin = self._y.shape[1] - k + low
        rows, columns = slice(low - 1, high - 1), slice(begin, begin + high - low)
        terms = self._terms[:, : high - low]
        np.add(self._squares[0][rows], self._squares[1][columns], out=terms[1])
        terms[2:5], terms[5:8] = self._x[:, rows], self._y[:, columns]
        np.multiply(terms[2:5, None], terms[5:8], out=terms[8:].reshape(3, 3, -1, copy=False))
        worth = np.matmul(terms.T, self._factors, out=self._space[: high - low])
        return np.divide(1.0, worth, out=worth)


def _filled(parts: Sequence[Array | NDArray[np.int64]], at_end: bool) -> Array:
    """Return parts ``[c, length]`` of several lengths in one array ``[c, greatest, b]``, each at its start or end."""
    greatest = max(part.shape[1] for part in parts)
    filled = np.zeros((parts[0].shape[0], greatest, len(parts)))
    for place, part in enumerate(parts):
        begin = greatest - part.shape[1] if at_end else 0
        filled[:, begin : begin + part.shape[1], place] = part
    return filled
