"""Which earlier atoms an atom is placed from, and how.

An atom is placed from its parent (the bonded earlier atom of largest index). The frame on the parent points its first
axis to the parent's parent and its second to a neighbour of the parent that is already placed, so that every neighbour
after the first stands at an angle that chemistry fixes, and only the first carries a torsion. An atom that
closes a ring is placed on the circle that both its bonds allow. Legend: N atoms of a batch, D neighbours at most, S
candidates for the second axis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.conditioned.chemistry import Chemistry

Ints = NDArray[np.int64]

FIRST, SECOND_ATOM, THIRD_ATOM, TORSION, BESIDE, HANDED, CLOSING = range(7)
"""How an atom is placed: the origin; along x; in the xy plane; first neighbour of its parent, by a torsion; beside a
neighbour that is placed; opposite to two that are placed; closing a ring."""
NUM_KINDS = 7
_MAX_DEGREE = 8
_MAX_SIDES = 5


@dataclass(frozen=True, eq=False)
class References:
    """Earlier atoms that place each atom; -1 where there is none. Indices count through the batch.

    Parameters
    ----------
    kinds : ndarray, shape=(N,), dtype=int64
        How each atom is placed: FIRST to CLOSING.
    parents, axes : ndarray, shape=(N,), dtype=int64
        Where the frame stands, and where its first axis points.
    sides : ndarray, shape=(N, S), dtype=int64
        Where its second axis may point: the first candidate that is not in line with the first axis.
    mirrors : ndarray, shape=(N,), dtype=int64
        The neighbour whose side decides the third axis of a HANDED atom.
    beside : ndarray, shape=(N,), dtype=int64
        The first placed neighbour of the parent other than ``axes``.
    bonded : ndarray, shape=(N, 4), dtype=int64
        Earlier bonded atoms, the parent first.
    levels : ndarray, shape=(N,), dtype=int64
        Atoms of one level depend on lower levels only, and can be placed together.
    """

    kinds: Ints
    parents: Ints
    axes: Ints
    sides: Ints
    mirrors: Ints
    beside: Ints
    bonded: Ints
    levels: Ints


def references_of(chemistry: Chemistry) -> References:
    """Return the reference atoms of every atom of a batch, whose fragments ``gather`` has joined."""
    starts = chemistry.starts
    total = len(starts)
    atoms = np.arange(total)
    neighbours = _neighbours(chemistry.bonds, total)
    earlier = np.where(neighbours < atoms[:, None], neighbours, -1)
    parents = earlier.max(axis=1, initial=-1)
    partners = _front(np.where(earlier != parents[:, None], earlier, -1), 3)
    index = atoms - starts
    closing = np.where(index >= 3, partners[:, 0], -1)
    root = parents == starts
    of_parent = _at(neighbours, parents)
    placed = np.where(of_parent < atoms[:, None], of_parent, -1)
    grandparents = _at(parents, parents)
    axes = np.where(root & (index >= 2), starts + 1, grandparents)
    # the third atom may hang on the first: then the second is its axis, as for every child of the first atom
    axes = np.where(closing >= 0, closing, axes)
    others = _front(np.where((placed != axes[:, None]) & (placed != grandparents[:, None]), placed, -1), 2)
    around = _at(neighbours, axes)
    around = _front(np.where(around < atoms[:, None], around, -1), 3)
    up = [_at(parents, axes)]
    for _ in range(4):
        up.append(_at(parents, up[-1]))
    candidates = np.column_stack((grandparents, others, up[0], around, np.column_stack(up[1:])))
    usable = (candidates >= 0) & (candidates < atoms[:, None])
    usable &= (candidates != axes[:, None]) & (candidates != parents[:, None])
    sides = _front(np.where(usable, candidates, -1), _MAX_SIDES)
    kinds = np.where(others[:, 0] < 0, TORSION, np.where(others[:, 1] < 0, BESIDE, HANDED))
    kinds = np.where(closing >= 0, CLOSING, kinds)
    kinds = np.where(index < 3, index, kinds)
    mirrors = np.where(kinds == HANDED, others[:, 1], -1)
    bonded = np.column_stack((parents, partners))
    needed = np.column_stack((bonded, axes, sides, mirrors))
    return References(
        kinds, parents, axes, sides, mirrors, others[:, 0], bonded, _levels(needed, index, chemistry.sizes)
    )


def _neighbours(bonds: Ints, total: int) -> Ints:
    """Return the neighbours of each atom by rising index, ``int64 [N, D]``, -1 where there are fewer."""
    both = np.concatenate((bonds, bonds[:, ::-1]))
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    column = np.arange(len(both)) - np.searchsorted(both[:, 0], both[:, 0])
    result = np.full((total, _MAX_DEGREE), -1, dtype=np.int64)
    kept = column < _MAX_DEGREE
    result[both[kept, 0], column[kept]] = both[kept, 1]
    return result


def _at(values: Ints, index: Ints) -> Ints:
    """Return rows of ``values`` at ``index``, -1 where the index is -1."""
    taken = values[np.maximum(index, 0)]
    return np.where(index >= 0 if taken.ndim == 1 else (index >= 0)[:, None], taken, -1)


def _front(values: Ints, width: int) -> Ints:
    """Return the first ``width`` entries of each row that are not -1, in order."""
    present = values >= 0
    column = np.cumsum(present, axis=1) - 1
    result = np.full((len(values), width), -1, dtype=np.int64)
    row, source = np.nonzero(present & (column < width))
    result[row, column[row, source]] = values[row, source]
    return result


def _levels(needed: Ints, index: Ints, sizes: Ints) -> Ints:
    """Return one more than the highest level an atom needs; the first three atoms have levels of their own."""
    levels = np.minimum(index, 2)
    order = np.argsort(index, kind="stable")
    bounds = np.searchsorted(index[order], np.arange(int(sizes.max()) + 1))
    for step in range(3, int(sizes.max())):
        atoms = order[bounds[step] : bounds[step + 1]]
        references = needed[atoms]
        highest = np.where(references >= 0, levels[np.maximum(references, 0)], 0)
        levels[atoms] = np.maximum(highest.max(axis=1), 2) + 1
    return levels
