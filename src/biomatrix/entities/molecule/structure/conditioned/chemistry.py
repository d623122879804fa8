"""What the decoder knows before the first code: elements, bonds, rings and hybridisation, as flat arrays of a batch.

Everything here follows from the SELFIES symbols alone, so that encoding and decoding see the same. Legend: M
molecules, N atoms of all of them, E bonds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from biomatrix.entities.molecule.structure.inputs import PreparedMolecule

Ints = NDArray[np.int64]

LINEAR, PLANAR, TETRAHEDRAL, CROWDED = range(4)
"""Hybridisation as geometry: two neighbours in line, three in a plane, four in a tetrahedron, more than four."""
MAX_RING = 7
"""Bonds in larger rings count as bonds in a ring of this size."""
_LONE_PAIRED = (7, 8, 16)


@dataclass(frozen=True, eq=False)
class MolecularGraph:
    """One molecule's graph in the order of its SELFIES.

    Parameters
    ----------
    elements, charges : ndarray, shape=(n,), dtype=int64
        Atomic numbers and formal charges.
    bonds : ndarray, shape=(e, 2), dtype=int64
        The lower index first, sorted.
    orders : ndarray, shape=(e,), dtype=int64
        Twice the bond order: 2, 3 (aromatic), 4 or 6.
    rings : ndarray, dtype=int64
        The atoms of one smallest ring after another.
    ring_sizes : ndarray, dtype=int64
        The number of atoms of each of those rings.
    """

    elements: Ints
    charges: Ints
    bonds: Ints
    orders: Ints
    rings: Ints
    ring_sizes: Ints


@dataclass(frozen=True, eq=False)
class Chemistry:
    """The graphs of a batch as flat arrays; indices count through all molecules.

    Parameters
    ----------
    sizes : ndarray, shape=(M,), dtype=int64
        Atoms of each molecule.
    starts : ndarray, shape=(N,), dtype=int64
        The first atom of each atom's molecule.
    elements, charges, degrees, shapes : ndarray, shape=(N,), dtype=int64
        ``shapes`` is LINEAR, PLANAR, TETRAHEDRAL or CROWDED; ``degrees`` counts neighbours.
    bonds : ndarray, shape=(E, 2), dtype=int64
        The lower index first, sorted. In a molecule of several fragments, the first atom of each is joined to atom 0.
    orders, rings : ndarray, shape=(E,), dtype=int64
        Twice the bond order, 0 for joins between fragments; size of the smallest ring that holds the bond, at most
        ``MAX_RING``, 0 if there is none.
    """

    sizes: Ints
    starts: Ints
    elements: Ints
    charges: Ints
    degrees: Ints
    shapes: Ints
    bonds: Ints
    orders: Ints
    rings: Ints


def molecular_graph(mol: Chem.Mol, order: Ints | None, elements: Ints, charges: Ints, bonds: Ints) -> MolecularGraph:
    """Return a sanitised molecule's graph.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
    order : ndarray, shape=(n,), dtype=int64 or None
        New index to old index; None where the molecule already is in the order of its SELFIES.
    elements, charges : ndarray, shape=(n,), dtype=int64
        In the new order.
    bonds : ndarray, shape=(e, 2), dtype=int64
        In the new order, the lower index first, sorted.
    """
    matrix = Chem.GetAdjacencyMatrix(mol, useBO=True)
    atom_rings = mol.GetRingInfo().AtomRings()
    rings = np.fromiter(chain.from_iterable(atom_rings), dtype=np.int64)
    first, second = bonds.T
    if order is not None:
        first, second = order[first], order[second]
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        rings = rank[rings]
    orders = (matrix[first, second] * 2.0 + 0.5).astype(np.int64)
    return MolecularGraph(elements, charges, bonds, orders, rings, np.fromiter(map(len, atom_rings), dtype=np.int64))


def graph_of(item: PreparedMolecule) -> MolecularGraph:
    """Return the graph of a prepared molecule."""
    return molecular_graph(item.mol, item.graph.order, item.elements, item.charges, item.graph.bonds)


def gather(graphs: Sequence[MolecularGraph]) -> Chemistry:
    """Return the graphs of a batch as flat arrays, with degrees, shapes and ring sizes of bonds added."""
    sizes = np.array([len(graph.elements) for graph in graphs], dtype=np.int64)
    offsets = np.cumsum(sizes) - sizes
    starts = np.repeat(offsets, sizes)
    elements, charges = _concatenate(g.elements for g in graphs), _concatenate(g.charges for g in graphs)
    counts = [len(graph.bonds) for graph in graphs]
    bonds = _concatenate(graph.bonds for graph in graphs) + np.repeat(offsets, counts)[:, None]
    orders = _concatenate(graph.orders for graph in graphs)
    degrees = np.bincount(bonds.ravel(), minlength=len(elements))
    shapes = _shapes(elements, degrees, bonds, orders)
    bonds, orders = _join_fragments(starts, bonds, orders)
    ring_sizes = _concatenate(graph.ring_sizes for graph in graphs)
    rings = _concatenate(graph.rings for graph in graphs) + np.repeat(offsets, [len(graph.rings) for graph in graphs])
    return Chemistry(
        sizes, starts, elements, charges, degrees, shapes, bonds, orders, _smallest_rings(bonds, rings, ring_sizes)
    )


def _join_fragments(starts: Ints, bonds: Ints, orders: Ints) -> tuple[Ints, Ints]:
    """Join each atom without an earlier bonded one, which begins a fragment, to the first atom of its molecule."""
    atoms = np.arange(len(starts))
    alone = atoms != starts
    alone[bonds[:, 1]] = False
    if not alone.any():
        return bonds, orders
    bonds = np.concatenate((bonds, np.column_stack((starts[alone], atoms[alone]))))
    orders = np.concatenate((orders, np.zeros(int(alone.sum()), dtype=np.int64)))
    order = np.lexsort((bonds[:, 1], bonds[:, 0]))
    return bonds[order], orders[order]


def _smallest_rings(bonds: Ints, rings: Ints, ring_sizes: Ints) -> Ints:
    """Return the size of the smallest ring through each bond, 0 where there is none."""
    result = np.full(len(bonds), MAX_RING + 1, dtype=np.int64)
    if len(rings):
        ends = np.cumsum(ring_sizes)
        following = np.arange(1, len(rings) + 1)
        following[ends - 1] = ends - ring_sizes
        other = rings[following]
        base = int(bonds.max()) + 1
        at = np.searchsorted(
            bonds[:, 0] * base + bonds[:, 1], np.minimum(rings, other) * base + np.maximum(rings, other)
        )
        np.minimum.at(result, at, np.minimum(np.repeat(ring_sizes, ring_sizes), MAX_RING))
    result[result > MAX_RING] = 0
    return result


def _concatenate(parts: Iterable[Ints]) -> Ints:
    return np.concatenate(list(parts))


def _shapes(elements: Ints, degrees: Ints, bonds: Ints, orders: Ints) -> Ints:
    """Return the shape of each atom from its bonds; nitrogen, oxygen and sulfur beside a pi system are planar."""
    total = len(elements)
    ends, twice = bonds.ravel(), np.repeat(orders, 2)
    unsaturated = np.bincount(ends, weights=twice > 2, minlength=total)
    doubles = np.bincount(ends, weights=twice == 4, minlength=total)
    triples = np.bincount(ends, weights=twice == 6, minlength=total)
    pi = (unsaturated > 0) & (degrees <= 3)
    beside = np.bincount(bonds[:, 0], weights=pi[bonds[:, 1]], minlength=total)
    beside += np.bincount(bonds[:, 1], weights=pi[bonds[:, 0]], minlength=total)
    shapes = np.full(total, TETRAHEDRAL, dtype=np.int64)
    shapes[pi] = PLANAR
    shapes[np.isin(elements, _LONE_PAIRED) & (degrees <= 3) & (beside > 0)] = PLANAR
    shapes[((triples > 0) | (doubles > 1)) & (degrees == 2)] = LINEAR
    shapes[degrees > 4] = CROWDED
    return shapes
