"""What each SELFIES symbol does in each state of the derivation, worked out once per symbol.

The state is the number of bonds the last atom may still make, 0 before the first atom of a fragment.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from biomatrix.entities.molecule.selfies.rules import ANY_CAPACITY, ORDERS, PLAIN_ATOMS, Atom, bracket_atom, plain_atom
from biomatrix.errors import DecodeError

PLACE: Final = 0
"""Place an atom: its text, bond order, state after it."""
BRANCH: Final = 1
"""Begin a branch: number of index symbols, state within, state after it."""
RING: Final = 2
"""Request a ring: number of index symbols, the RingBond, state after it."""
PASS: Final = 3
"""Do nothing."""
STOP: Final = 4
"""End the chain."""
PART: Final = 5
"""A dot between fragments, or padding."""
UNKNOWN: Final = 6
"""Not a symbol of SELFIES."""

FULL: Final = -1
"""The state in which nothing more can be bonded."""

BOND_MARKS: Final = ("", "", "=", "#")
"""The SMILES mark of each bond order."""

# kind, and the three values listed under that kind: looked up once per symbol read, so plain tuples
Step = tuple[int, Any, Any, int]

_ATOM: Final = re.compile(r"\[([=#/\\]?)((\d*)([A-Z][a-z]?)(@{0,2})((?:H\d)?)((?:[+-][1-9]+)?))\]")
_BRANCH: Final = re.compile(r"\[([=#]?)Branch([1-3])\]")
_RING: Final = re.compile(r"\[([=#]?|(?!--)[-/\\]{2})Ring([1-3])\]")
_MAX_CACHED: Final = 65_536


class RingBond(NamedTuple):
    """A ring bond that symbols request.

    Parameters
    ----------
    order : int
        The highest order it may get.
    left, right : str
        SMILES marks at its earlier and its later atom, used where the order is 1.
    """

    order: int
    left: str
    right: str


class StepTable(dict[str, tuple[Step, ...]]):
    """What each symbol does in states 0 to 8; filled as symbols are met."""

    def __missing__(self, symbol: str) -> tuple[Step, ...]:
        if len(self) >= _MAX_CACHED:
            self.clear()
        steps = self[symbol] = tuple(_step(symbol, state) for state in range(ANY_CAPACITY + 1))
        return steps


class AtomTable(dict[str, Atom]):
    """The atom of each atom symbol; DecodeError for any other symbol."""

    def __missing__(self, symbol: str) -> Atom:
        pair = _read_atom(symbol)
        if pair is None:
            raise DecodeError(f"not SELFIES: {symbol[:80]!r} is no atom symbol")
        if len(self) >= _MAX_CACHED:
            self.clear()
        atom = self[symbol] = pair[1]
        return atom


def _step(symbol: str, state: int) -> Step:
    if symbol in (".", "[nop]"):
        return (PART, 0, 0, state)
    # these letters alone decide the kind, as in the selfies package, so that both refuse the same symbols
    if symbol[-4:-2] == "ch":
        return _branch_step(symbol, state)
    if symbol[-4:-2] == "ng":
        return _ring_step(symbol, state)
    if "eps" in symbol and symbol[:1] == "[" and symbol.find("]") == len(symbol) - 1:
        return (STOP if state else PASS, 0, 0, state)
    return _atom_step(symbol, state)


def _branch_step(symbol: str, state: int) -> Step:
    match = _BRANCH.fullmatch(symbol)
    if match is None:
        return (UNKNOWN, 0, 0, state)
    if state <= 1:
        return (PASS, 0, 0, state)
    within = min(state - 1, ORDERS[match[1]])
    return (BRANCH, int(match[2]), within, state - within)


def _ring_step(symbol: str, state: int) -> Step:
    match = _RING.fullmatch(symbol)
    if match is None:
        return (UNKNOWN, 0, 0, state)
    if state == 0:
        return (PASS, 0, 0, state)
    marks = match[1]
    order = min(ORDERS[marks] if len(marks) < 2 else 1, state)
    left, right = (marks[0].strip("-"), marks[1].strip("-")) if len(marks) == 2 else ("", "")
    return (RING, int(match[2]), RingBond(order, left, right), state - order or FULL)


def _atom_step(symbol: str, state: int) -> Step:
    pair = _read_atom(symbol)
    if pair is None:
        return (UNKNOWN, 0, 0, state)
    mark, atom = pair
    if state == 0:
        return (PLACE, atom.smiles, 0, atom.capacity or FULL)
    order = min(ORDERS[mark], state, atom.capacity)
    if order == 0:
        return (STOP, 0, 0, state)
    text = (mark if order == ORDERS[mark] else BOND_MARKS[order]) + atom.smiles
    return (PLACE, text, order, atom.capacity - order or FULL)


def _read_atom(symbol: str) -> tuple[str, Atom] | None:
    """Return bond mark and atom of an atom symbol, or None for any other."""
    match = _ATOM.fullmatch(symbol)
    if match is None:
        return None
    mark, name, isotope, element, chirality, hydrogens, charge = match.groups()
    if name in PLAIN_ATOMS:
        return mark, plain_atom(element)
    atom = bracket_atom(isotope, element, chirality, int(hydrogens[1:] or 0), int(charge or 0))
    # more hydrogens than bonds, such as [CH9]
    return None if atom is None or atom.capacity < 0 else (mark, atom)


STEPS: Final = StepTable()
ATOMS: Final = AtomTable()
