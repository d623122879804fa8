"""How much of what is owed must be double bonds, triple bonds and rings, so that the hydrogens come out as asked.

A chain of single bonds has the most hydrogens; every further bond order and every ring takes two. Where a charge is
owed, some atoms carry it, which changes how many bonds they have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from biomatrix.entities.molecule.smiles_automaton.counting.atoms import (
    atom_text,
    charged,
    other_valences,
    radical,
    valence,
)
from biomatrix.entities.molecule.smiles_automaton.counting.limits import Owed
from biomatrix.entities.molecule.smiles_automaton.counting.owed_text import Parts

_NEGATIVE: Final = ("O", "S", "N", "C", "F", "Cl", "Br", "I", "Se", "P", "B", "Si")
_POSITIVE: Final = ("N", "Na", "K", "Li", "Rb", "Cs", "Ag", "P", "S", "O", "C", "Si", "B")
"""Elements that carry a charge, preferred first; others follow."""
_ORDERS: Final = "-=#"
_MOST_MIXTURES: Final = 16
"""Mixtures of double and triple bonds that are tried: in a chain of up to twice as many bonds, all there are."""


class Pattern(NamedTuple):
    """One way to write what is owed.

    Parameters
    ----------
    parts : Parts
    apart : tuple of str
        Fragments of their own.
    owed : Owed
        With the atoms as they are named here.
    """

    parts: Parts
    apart: tuple[str, ...]
    owed: Owed


def patterns(owed: Owed, *, rooted: bool, apart: bool, radicals: bool) -> Iterator[Pattern]:
    """Yield ways to write atoms, hydrogens and charge that are owed.

    Parameters
    ----------
    owed : Owed
        With its hydrogens.
    rooted : bool
        Whether they hang on an atom that is written.
    apart : bool
        Whether there may be fragments beside it.
    radicals : bool
        Whether one atom may have an unpaired electron.
    """
    if owed.hydrogens is None:
        return
    for elements in _namings(owed.elements, owed.charge, radicals=radicals):
        atoms = [symbol for symbol, number in elements.items() for _ in range(number)]
        lone = tuple(atom_text(symbol, 0) for symbol in atoms if valence(symbol) == 0) if apart else ()
        atoms = [symbol for symbol in atoms if valence(symbol) > 0]
        named = replace(owed, elements=elements, others=0, most={**owed.most, **elements})
        if lone and not atoms and owed.hydrogens[0] == 0:
            yield Pattern(Parts([], [], [], 0), lone, named)
            continue
        surplus = sum(valence(symbol) - 2 for symbol in atoms) + 2 * (not rooted) - owed.hydrogens[0]
        if surplus % 2:
            continue
        if surplus < 0 and apart:
            scattered = sorted(atoms, key=valence)[: -surplus // 2]
            lone += tuple(atom_text(symbol, 0) for symbol in scattered)
            for symbol in scattered:
                atoms.remove(symbol)
            surplus += 2 * len(scattered)
        if surplus >= 0 and atoms:
            yield from (Pattern(parts, lone, named) for parts in _chains(atoms, surplus // 2, rooted=rooted))


def _chains(atoms: list[str], excess: int, *, rooted: bool) -> Iterator[Parts]:
    """Yield the parts of a chain with so many bond orders and rings in excess."""
    symbols = [symbol for symbol in atoms if valence(symbol) > 1]
    hanging = [atom_text(symbol, 1) for symbol in atoms if valence(symbol) == 1]
    edges = len(symbols) - (not rooted)
    for rings, tail in ((0, 0), (1, len(symbols)), (1, 3)):
        if rings and (excess == 0 or not 3 <= tail <= len(symbols)):
            continue
        met: set[tuple[int, ...]] = set()
        for bonds in _multiple(max(edges, 0), excess - rings):
            if bonds in met:
                continue
            met.add(bonds)
            yield Parts([_ORDERS[order] for order in bonds], symbols, hanging, 0, tail)


def _multiple(edges: int, excess: int) -> Iterator[tuple[int, ...]]:
    """Yield bonds with so many orders above one, apart where there is room, from either end; some more than once."""
    backwards, forwards = range(edges - 1, -1, -1), range(edges)
    inner = range(edges - 2, -1, -1)
    for places in (backwards[::2], forwards[::2], inner[::2], backwards, forwards):
        for most in (1, 2):
            if most * len(places) >= excess:
                yield _raised(edges, excess, places, len(places) if most == 1 else 0)
    apart = backwards[::2]
    most_doubled = min(2 * len(apart) - excess, edges // 2)
    for doubled in _spread(most_doubled):  # triple bonds first, as many double ones behind as are needed
        yield _raised(edges, excess, apart, doubled)


def _raised(edges: int, excess: int, places: range, doubled: int) -> tuple[int, ...]:
    """Return bonds of which those at some places are raised in turn, the first ``doubled`` by one and others by two."""
    orders, left = [0] * edges, excess
    for number, place in enumerate(places):
        if not left:
            break
        orders[place] = min(1 if number < doubled else 2, left)
        left -= orders[place]
    return tuple(orders)


def _spread(most: int) -> list[int]:
    """Return numbers from 1 to ``most``: all of them where they are few, else some, evenly from first to last."""
    if most <= _MOST_MIXTURES:
        return list(range(1, most + 1))
    return [1 + place * (most - 1) // (_MOST_MIXTURES - 1) for place in range(_MOST_MIXTURES)]


def _namings(elements: Mapping[str, int], charge: int, *, radicals: bool) -> Iterator[dict[str, int]]:
    """Yield the atoms as neutral and charged ones that have the charge in all, the simplest first."""
    plain = {symbol: number for symbol, number in elements.items() if number}
    yield from _carrying(plain, charge)
    for symbol in _by_preference(plain, _POSITIVE) if radicals else ():
        if valence(symbol) > 1:
            yield from _carrying(_renamed_one(plain, symbol, radical(symbol)), charge)
    for symbol in plain:
        for other in other_valences(symbol):
            others = {one: number for one, number in plain.items() if one != symbol}
            yield from _carrying({**others, other: plain[symbol]}, charge)
    for negative in _by_preference(plain, _NEGATIVE)[:3]:
        rest = _charged_one(plain, negative, -1)
        for positive in _by_preference(rest, _POSITIVE)[:3]:
            if positive != charged(negative, -1):
                yield from _carrying(_charged_one(rest, positive, 1), charge)


def _carrying(elements: dict[str, int], charge: int) -> Iterator[dict[str, int]]:
    """Yield the atoms with a charge on some of them: one each on atoms of one element, or all of it on one atom."""
    if not charge:
        yield elements
        return
    sign = 1 if charge > 0 else -1
    for symbol in _by_preference(elements, _POSITIVE if sign > 0 else _NEGATIVE):
        if elements[symbol] >= abs(charge):
            yield _renamed(elements, symbol, charged(symbol, sign), abs(charge))
        if abs(charge) > 1:
            yield _charged_one(elements, symbol, charge)
    several = _by_preference(elements, _POSITIVE if sign > 0 else _NEGATIVE)[: abs(charge)]
    if len(several) == abs(charge) > 1:
        named = dict(elements)
        for symbol in several:
            named = _charged_one(named, symbol, sign)
        yield named


def _by_preference(elements: Mapping[str, int], preferred: tuple[str, ...]) -> list[str]:
    neutral = [symbol for symbol in elements if symbol.isalpha()]
    return sorted(neutral, key=lambda symbol: preferred.index(symbol) if symbol in preferred else len(preferred))


def _charged_one(elements: Mapping[str, int], symbol: str, charge: int) -> dict[str, int]:
    """Return the atoms, one of an element charged."""
    return _renamed_one(elements, symbol, charged(symbol, charge))


def _renamed_one(elements: Mapping[str, int], symbol: str, name: str) -> dict[str, int]:
    return _renamed(elements, symbol, name, 1)


def _renamed(elements: Mapping[str, int], symbol: str, name: str, number: int) -> dict[str, int]:
    """Return the atoms, so many of an element under another name."""
    named = {**elements, symbol: elements[symbol] - number}
    named[name] = named.get(name, 0) + number
    return {one: number for one, number in named.items() if number}
