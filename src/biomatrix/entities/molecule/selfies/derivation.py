"""The derivation of atoms, bonds and text from SELFIES symbols.

Atoms come in the order of the SMILES, so its text is written as they come; brackets round branches and ring numbers
are added at the end, because only then is it known which branch is the last and which rings find free valences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from biomatrix.entities.molecule.selfies.rules import DIGITS
from biomatrix.entities.molecule.selfies.steps import (
    ATOMS,
    BOND_MARKS,
    BRANCH,
    FULL,
    PART,
    PLACE,
    RING,
    STEPS,
    STOP,
    UNKNOWN,
    RingBond,
)
from biomatrix.errors import DecodeError

_SYMBOL: Final = re.compile(r"\[[^\[\]]*\]")
_PARTS: Final = (".", "[nop]")
_SHOWN: Final = 80


class Derivation:
    """The atoms derived so far, one entry per atom in each column."""

    __slots__ = ("branches", "orders", "parents", "places", "rings", "roots", "texts")

    def __init__(self) -> None:
        self.texts: list[str] = []
        """SMILES of the atom with its bond mark in front"""
        self.places: list[int] = []
        """position of the symbol that placed it"""
        self.parents: list[int] = []
        """the atom it is bonded to, -1 for the first of a fragment"""
        self.orders: list[int] = []
        """order of that bond, 0 for the first of a fragment"""
        self.branches: list[tuple[int, int]] = []
        """first and last atom of each branch"""
        self.rings: list[tuple[int, int, RingBond]] = []
        """earlier atom, later atom and bond of each ring requested"""
        self.roots: list[int] = []
        """index of the first atom of each fragment, whether or not it has any"""

    def read(self, symbols: Sequence[str]) -> bool:
        """Derive one fragment; False if dots or padding were met, in which case the derivation must be discarded.

        Raises
        ------
        DecodeError
            ``position`` is the index of the symbol at fault.
        """
        texts, places, parents, orders, branches = self.texts, self.places, self.parents, self.orders, self.branches
        table, digits = STEPS, DIGITS
        size = len(symbols)
        # open branches: where the surrounding one ends, state and atom to go back to, the elder of that atom, and the
        # atom that becomes its elder if it is placed; a branch that begins with a branch moves both on
        frames: list[tuple[int, int, int, int, int]] = []
        position, end, state = 0, size, 0
        # the next atom, the one to bond it to, and the first atom of the latest branch on that one
        atom, last, elder = len(texts), -1, -1
        self.roots.append(atom)
        while True:
            if position >= end or state == FULL:
                if position < end:
                    if not _may_skip(symbols, position, end):
                        return False
                    position = end
                if not frames:
                    return True
                end, state, last, elder, start = frames.pop()
                if atom > start:
                    elder = start
                if frames and frames[-1][2] == last:
                    frames[-1] = (*frames[-1][:3], elder, atom)
                continue
            kind, first, second, after = table[symbols[position]][state]
            position += 1
            if kind == PLACE:
                texts.append(first)
                places.append(position - 1)
                parents.append(last)
                orders.append(second)
                if elder >= 0:
                    branches.append((elder, atom - 1))
                    elder = -1
                last = atom
                atom += 1
                state = after
            elif kind == BRANCH:
                length = digits.get(symbols[position]) if first == 1 and position < size else None
                if length is None and (length := _number(symbols, position, first)) < 0:
                    return False
                position += first
                if length == 0 and position < size:
                    # a branch of one atom, the most frequent kind, needs no frame
                    kind, text, order, _ = table[symbols[position]][second]
                    if kind == PLACE:
                        texts.append(text)
                        places.append(position)
                        parents.append(last)
                        orders.append(order)
                        if elder >= 0:
                            branches.append((elder, atom - 1))
                        elder = atom
                        atom += 1
                        position += 1
                        state = after
                        if frames and frames[-1][2] == last:
                            frames[-1] = (*frames[-1][:3], elder, atom)
                        continue
                frames.append((end, after, last, elder, atom))
                end = min(position + length + 1, size)
                state = second
            elif kind == RING:
                if (length := _number(symbols, position, first)) < 0:
                    return False
                position += first
                self.rings.append((max(0, last - length - 1), last, second))
                state = after
            elif kind == STOP:
                state = FULL
            elif kind == PART:
                return False
            elif kind == UNKNOWN:
                raise _undefined(symbols, position - 1)

    def finish(self, atom_symbols: Sequence[str]) -> tuple[str, list[tuple[int, int, int]]]:
        """Close the rings; return the SMILES and the ring bonds as (earlier atom, later atom, order).

        Parameters
        ----------
        atom_symbols : sequence of str, length N
            The symbol of each atom.
        """
        texts = self.texts
        bonds = self._close_rings(atom_symbols) if self.rings else {}
        numbers = {pair: _ring_number(number) for number, pair in enumerate(sorted(bonds, key=itemgetter(0)), 1)}
        for pair, bond in bonds.items():
            texts[pair[0]] += (bond.left if bond.order == 1 else BOND_MARKS[bond.order]) + numbers[pair]
            texts[pair[1]] += (bond.right if bond.order == 1 else BOND_MARKS[bond.order]) + numbers[pair]
        for first, last in self.branches:
            texts[first] = "(" + texts[first]
            texts[last] += ")"
        for root in set(self.roots):
            if 0 < root < len(texts):
                texts[root] = "." + texts[root]
        return "".join(texts), [(left, right, bond.order) for (left, right), bond in bonds.items()]

    def _close_rings(self, atom_symbols: Sequence[str]) -> dict[tuple[int, int], RingBond]:
        """Make the ring bonds that free valences allow, in the order of the requests.

        A ring between atoms already bonded raises the order of their bond.
        """
        parents, orders = self.parents, self.orders
        used = orders.copy()
        for parent, order in zip(parents, orders, strict=True):
            used[parent] += order  # a first atom has parent -1 and order 0
        bonds: dict[tuple[int, int], RingBond] = {}
        for left, right, request in self.rings:
            free_left = ATOMS[atom_symbols[left]].capacity - used[left]
            free_right = ATOMS[atom_symbols[right]].capacity - used[right]
            order = min(request.order, free_left, free_right)
            if left == right or order <= 0:
                continue
            if parents[right] == left:
                order = min(orders[right] + order, 3) - orders[right]
                self._raise_order(right, order, atom_symbols[right])
            elif (existing := bonds.get((left, right))) is not None:
                order = min(existing.order + order, 3) - existing.order
                bonds[left, right] = existing._replace(order=existing.order + order)
            else:
                bonds[left, right] = request._replace(order=order)
            used[left] += order
            used[right] += order
        return bonds

    def _raise_order(self, atom: int, by: int, symbol: str) -> None:
        if by:
            self.orders[atom] += by
            self.texts[atom] = BOND_MARKS[self.orders[atom]] + ATOMS[symbol].smiles


def _number(symbols: Sequence[str], position: int, count: int) -> int:
    """Return the number that ``count`` index symbols spell, 0 for each past the end; -1 for dots or padding."""
    value = 0
    for place in range(position, position + count):
        value *= 16
        if place < len(symbols):
            digit = DIGITS.get(symbols[place], -1)
            if digit < 0:
                if not _may_skip(symbols, place, place + 1):
                    return -1
                digit = 0
            value += digit
    return value


def _may_skip(symbols: Sequence[str], start: int, stop: int) -> bool:
    """Return whether symbols that spell nothing may be skipped: False for dots and padding, handled elsewhere."""
    for position in range(start, stop):
        symbol = symbols[position]
        if symbol in _PARTS:
            return False
        if _SYMBOL.fullmatch(symbol) is None:
            raise _undefined(symbols, position)
    return True


def _ring_number(number: int) -> str:
    if number < 10:
        return str(number)
    return f"%{number}" if number < 100 else f"%({number})"


def _undefined(symbols: Sequence[str], position: int) -> DecodeError:
    return DecodeError(f"not SELFIES: {symbols[position][:_SHOWN]!r} is no symbol it defines", position=position)
