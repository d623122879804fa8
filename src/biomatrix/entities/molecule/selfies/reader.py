"""From SELFIES symbols to a molecular graph and its SMILES, in one pass without recursion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.molecule.selfies.derivation import Derivation
from biomatrix.entities.molecule.selfies.steps import ATOMS
from biomatrix.errors import DecodeError

Ints = NDArray[np.int64]

_ORDER_BITS = 2
_ATOM_BITS = 32
_ATOM = (1 << _ATOM_BITS) - 1


@dataclass(frozen=True, eq=False)
class SelfiesGraph:
    """What SELFIES symbols spell.

    Parameters
    ----------
    smiles : str
        What ``selfies.decoder`` gives, except that ring numbers past 99 are written ``%(100)``, as readers of SMILES
        need them. Empty where no atom is spelt.
    places : ndarray, shape=(N,), dtype=int64
        The position of the symbol that placed each atom.
    atom_symbols : tuple of str, length N
        Those symbols.
    bonds : ndarray, shape=(E, 2), dtype=int64
        The lower index first, sorted.
    orders : ndarray, shape=(E,), dtype=int8
        Kekulé bond orders, 1 to 3.
    """

    smiles: str
    places: Ints
    atom_symbols: tuple[str, ...]
    bonds: Ints
    orders: NDArray[np.int8]

    @cached_property
    def elements(self) -> Ints:
        """The atomic number of each atom, ``int64 [N]``."""
        return elements_of(self.atom_symbols)

    @cached_property
    def charges(self) -> Ints:
        """The formal charge of each atom, ``int64 [N]``."""
        return charges_of(self.atom_symbols)


def elements_of(atom_symbols: Sequence[str]) -> Ints:
    """Return the atomic numbers of atom symbols, ``int64 [N]``; DecodeError for any other symbol."""
    return np.array([ATOMS[symbol].number for symbol in atom_symbols], dtype=np.int64)


def charges_of(atom_symbols: Sequence[str]) -> Ints:
    """Return the formal charges of atom symbols, ``int64 [N]``; DecodeError for any other symbol."""
    return np.array([ATOMS[symbol].charge for symbol in atom_symbols], dtype=np.int64)


def read_symbols(symbols: Sequence[str]) -> SelfiesGraph:
    """Return the graph that SELFIES symbols spell, under the default semantic constraints.

    As in the selfies package, symbols that follow a filled valence spell nothing, and any symbol in brackets may stand
    there or as an index.

    Parameters
    ----------
    symbols : sequence of str
        In brackets; ``.`` between fragments and ``[nop]`` are symbols too.

    Raises
    ------
    DecodeError
        ``position`` is the index of the first symbol that SELFIES does not define.

    Examples
    --------
    >>> graph = read_symbols(["[C]", "[=Branch1]", "[C]", "[=O]", "[F]"])
    >>> graph.smiles, graph.places.tolist(), graph.bonds.tolist()
    ('C(=O)F', [0, 3, 4], [[0, 1], [0, 2]])
    """
    derivation = Derivation()
    if not derivation.read(symbols):
        derivation = _in_parts(symbols)
    atom_symbols = tuple([symbols[place] for place in derivation.places])
    smiles, rings = derivation.finish(atom_symbols)
    # one sortable number per bond: earlier atom, later atom, order
    keys = [
        (parent << _ATOM_BITS | atom) << _ORDER_BITS | order
        for atom, (parent, order) in enumerate(zip(derivation.parents, derivation.orders, strict=True))
        if order
    ]
    keys += [(left << _ATOM_BITS | right) << _ORDER_BITS | order for left, right, order in rings]
    keys.sort()
    packed = np.array(keys, dtype=np.int64)
    bonds = np.empty((len(keys), 2), dtype=np.int64)
    bonds[:, 0] = packed >> _ATOM_BITS + _ORDER_BITS
    bonds[:, 1] = packed >> _ORDER_BITS & _ATOM
    places = np.array(derivation.places, dtype=np.int64)
    return SelfiesGraph(smiles, places, atom_symbols, bonds, (packed & 3).astype(np.int8))


def _in_parts(symbols: Sequence[str]) -> Derivation:
    """Read symbols that hold dots or padding, fragment by fragment."""
    derivation = Derivation()
    fragments: list[list[int]] = [[]]
    for position, symbol in enumerate(symbols):
        if symbol == ".":
            fragments.append([])
        elif symbol != "[nop]":
            fragments[-1].append(position)
    for positions in fragments:
        before = len(derivation.places)
        try:
            derivation.read([symbols[position] for position in positions])
        except DecodeError as error:
            raise DecodeError(error.message, position=positions[int(error.position or 0)]) from None
        derivation.places[before:] = [positions[place] for place in derivation.places[before:]]
    return derivation
