"""What a code or a bond length is conditioned on, from coarse to fine, as integer keys.

A finer key contains the coarser one, so each has one parent: where a fine context was never seen, the coarser one
stands in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.structure.conditioned.chemistry import PLANAR, Chemistry
from biomatrix.entities.molecule.structure.conditioned.references import CLOSING, References

Ints = NDArray[np.int64]

_ELEMENT_CLASS = np.full(128, 7, dtype=np.int64)
for _class, _elements in enumerate(((1,), (6,), (7,), (8,), (16, 34), (9, 17, 35, 53), (15, 14, 5))):
    _ELEMENT_CLASS[list(_elements)] = _class


def place_keys(chemistry: Chemistry, references: References) -> list[Ints]:
    """Return the keys ``int64 [N]`` of what an atom's code is conditioned on, coarsest first.

    1. How the atom is placed.
    2. The element, shape and degree of its parent.
    3. Ring sizes and orders of its bond and of the parent's bond to the frame's axis; the shape of the axis atom.
    4. The element and shape of the atom, and the ring of the parent's bond to its placed neighbour.
    """
    atoms = np.arange(len(chemistry.starts))
    parent = np.where(references.parents >= 0, references.parents, atoms)
    axis = np.where(references.axes >= 0, references.axes, parent)
    order, ring = _order_and_ring(chemistry, atoms, references.parents)
    axis_order, axis_ring = _order_and_ring(chemistry, references.parents, references.axes)
    closing = references.kinds == CLOSING
    closing_order, closing_ring = _order_and_ring(chemistry, atoms, references.axes)
    axis_order, axis_ring = np.where(closing, closing_order, axis_order), np.where(closing, closing_ring, axis_ring)
    _, beside_ring = _order_and_ring(chemistry, references.parents, references.beside)
    classes = _ELEMENT_CLASS[chemistry.elements]
    kinds = references.kinds
    of_parent = _pack(
        kinds, (classes[parent], 8), (chemistry.shapes[parent], 4), (np.minimum(chemistry.degrees[parent], 7), 8)
    )
    of_bonds = _pack(of_parent, (ring, 8), (axis_ring, 8), (order, 8), (axis_order, 8), (chemistry.shapes[axis], 4))
    of_atom = _pack(of_bonds, (classes, 8), (beside_ring, 8), (chemistry.shapes, 4))
    return [kinds, of_parent, of_bonds, of_atom]


def length_keys(chemistry: Chemistry) -> list[Ints]:
    """Return the keys ``int64 [E]`` of what a bond's length is conditioned on, coarsest first.

    1. The elements and the order. 2. Degrees and charges. 3. Shapes and the ring. 4. What else the two atoms bond to.
    The order of the two atoms does not matter.
    """
    keys = []
    begin, end = chemistry.bonds.T
    heavy = chemistry.elements > 1
    surroundings = _surroundings(chemistry)
    atom = chemistry.elements
    finer = (
        _pack(np.zeros_like(atom), (chemistry.degrees, 8), (chemistry.charges + 4, 16)),
        _pack(np.zeros_like(atom), (chemistry.shapes, 4), (heavy.astype(np.int64), 2)),
        surroundings,
    )
    low, high = _sorted_pair(atom[begin], atom[end])
    keys.append(_pack(low, (high, 128), (chemistry.orders, 8)))
    rank = atom
    for level, values in enumerate(finer):
        rank = _pack(rank, (values, 128 if level < 2 else 1024))
        low, high = _sorted_pair(rank[begin], rank[end])
        extra = chemistry.rings if level == 1 else np.zeros_like(low)
        keys.append(_hash(keys[-1], low, high, extra))
    return keys


def bond_indices(chemistry: Chemistry, begin: Ints, end: Ints) -> Ints:
    """Return which bond joins two atoms, ``int64 [n]``, -1 where none does or an index is -1."""
    total = len(chemistry.starts)
    keys = chemistry.bonds[:, 0] * total + chemistry.bonds[:, 1]
    if not len(keys):
        return np.full(len(begin), -1, dtype=np.int64)
    low, high = _sorted_pair(begin, end)
    at = np.minimum(np.searchsorted(keys, low * total + high), len(keys) - 1)
    return np.where((keys[at] == low * total + high) & (low >= 0), at, -1)


def _order_and_ring(chemistry: Chemistry, begin: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return (twice the order, ring size) of the bonds between atoms; (0, 0) where there is none."""
    at = bond_indices(chemistry, begin, end)
    return np.append(chemistry.orders, 0)[at], np.append(chemistry.rings, 0)[at]


def _surroundings(chemistry: Chemistry) -> Ints:
    """Return the neighbours of each atom as one number: how many atoms of five kinds, up to three each."""
    total = len(chemistry.elements)
    both = np.concatenate((chemistry.bonds, chemistry.bonds[:, ::-1]))
    kind = np.select(
        [chemistry.elements == 1, np.isin(chemistry.elements, (7, 8, 9)), chemistry.elements != 6], [0, 1, 2], 3
    )
    kind = np.where((kind == 3) & (chemistry.shapes == PLANAR), 4, kind)
    packed = np.zeros(total, dtype=np.int64)
    for value in range(5):
        count = np.bincount(both[:, 0], weights=kind[both[:, 1]] == value, minlength=total).astype(np.int64)
        packed = packed * 4 + np.minimum(count, 3)
    return packed


def _pack(key: Ints, *fields: tuple[Ints, int]) -> Ints:
    for values, count in fields:
        key = key * count + np.clip(values, 0, count - 1)
    return key


def _sorted_pair(a: Ints, b: Ints) -> tuple[Ints, Ints]:
    return np.minimum(a, b), np.maximum(a, b)


def _hash(*parts: Ints) -> Ints:
    """Return one 62-bit number for several; collisions occur only by chance."""
    key = np.zeros(len(parts[0]), dtype=np.uint64)
    for part in parts:
        key = (key ^ part.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    return (key & np.uint64(0x3FFFFFFFFFFFFFFF)).astype(np.int64)
