"""Bond lengths as the graph predicts them: the mean and spread of the finest context seen in fitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from biomatrix.entities.molecule.structure.conditioned.chemistry import Chemistry
from biomatrix.entities.molecule.structure.conditioned.contexts import length_keys
from biomatrix.entities.molecule.structure.frames import Array

Ints = NDArray[np.int64]

MIN_SPREAD = 0.004
"""Smallest spread of a bond length, in Angstrom: a little above the rounding of coordinates in files."""
UNSEEN_SPREAD = 0.1
"""Spread of a bond between elements never seen bonded, in Angstrom; its length is the sum of covalent radii."""
FRAGMENT_LENGTH = (6.0, 2.5)
"""Length and spread, in Angstrom, of the joins between fragments where none were seen in fitting."""
_PRIOR = 4.0
_OUTLIER = 3.0


@dataclass(frozen=True, eq=False)
class BondLengths:
    """Tables from context keys to (length, spread), coarsest first.

    Parameters
    ----------
    keys : tuple of ndarray, shape=(n,), dtype=int64
        Sorted.
    values : tuple of ndarray, shape=(n, 2), dtype=float64
        In Angstrom.
    """

    keys: tuple[Ints, ...]
    values: tuple[Array, ...]

    def of(self, chemistry: Chemistry) -> Array:
        """Return (length, spread) of every bond of a batch, ``float64 [E, 2]``."""
        predictions = _default_lengths(chemistry)
        for keys, values, context in zip(self.keys, self.values, length_keys(chemistry), strict=True):
            if len(keys):
                at = np.minimum(np.searchsorted(keys, context), len(keys) - 1)
                predictions = np.where((keys[at] == context)[:, None], values[at], predictions)
        return predictions

    @classmethod
    def fit(cls, contexts: Sequence[Ints], lengths: Array, least: int = 3) -> BondLengths:
        """Fit the tables to true lengths.

        Parameters
        ----------
        contexts : sequence of ndarray, shape=(E,), dtype=int64
            As ``length_keys`` gives them.
        lengths : ndarray, shape=(E,), dtype=float64
            In Angstrom.
        least : int
            Contexts seen less often are left to the coarser one.
        """
        mean = np.full(len(lengths), lengths.mean())
        spread = np.full(len(lengths), UNSEEN_SPREAD)
        keys, values = [], []
        for context in contexts:
            unique, which, count = np.unique(context, return_inverse=True, return_counts=True)
            coarse = np.zeros((len(unique), 2))
            coarse[which] = np.column_stack((mean, spread))
            centre = (np.bincount(which, lengths) + _PRIOR * coarse[:, 0]) / (count + _PRIOR)
            off = np.minimum(np.abs(lengths - centre[which]), _OUTLIER * spread)
            variance = (np.bincount(which, off * off) + _PRIOR * coarse[:, 1] ** 2) / (count + _PRIOR)
            width = np.maximum(np.sqrt(variance), MIN_SPREAD)
            kept = count >= least
            keys.append(unique[kept])
            values.append(np.column_stack((centre, width))[kept].astype(np.float32).astype(np.float64))  # as stored
            mean, spread = np.where(kept[which], centre[which], mean), np.where(kept[which], width[which], spread)
        return cls(tuple(keys), tuple(values))


def _default_lengths(chemistry: Chemistry) -> Array:
    """Return the length and spread assumed for bonds between elements never seen bonded, ``float64 [E, 2]``."""
    radii = _covalent_radii()
    begin, end = chemistry.bonds.T
    length = radii[chemistry.elements[begin]] + radii[chemistry.elements[end]]
    values = np.column_stack((length, np.full(len(length), UNSEEN_SPREAD)))
    values[chemistry.orders == 0] = FRAGMENT_LENGTH
    return values


@lru_cache(maxsize=1)
def _covalent_radii() -> Array:
    table = Chem.GetPeriodicTable()
    return np.array([0.7] + [float(table.GetRcovalent(number)) for number in range(1, 119)])
