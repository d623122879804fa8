"""What is owed, written: a chain with its branches, hung on one atom or as a fragment of its own.

The chain has one atom per bond that is owed; triple bonds stand between single ones, double bonds too where there are
enough of them; what has one valence only (halogens, aromatic systems) hangs on the chain's atoms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from biomatrix.entities.molecule.smiles_automaton.counting.aromatics import MARK_OF, System, systems_for
from biomatrix.entities.molecule.smiles_automaton.counting.atoms import atom_text, valence
from biomatrix.entities.molecule.smiles_automaton.counting.limits import INFINITE, Owed
from biomatrix.entities.molecule.smiles_automaton.counting.reading import SINGLE

_ORDERS: Final = {"": 0, "-": 1, "=": 2, "#": 3}
_FILLERS: Final = ("C", "N", "O", "S", "Si", "P", "B", "Se", "Te", "As", "Sb", "Bi", "Po", "Ge")
RING_ATOMS: Final = 3
_FARTHEST: Final = 12
"""How many rotatable bonds fewer than are asked for a variant with a ring is tried with."""


@dataclass
class Node:
    """An atom of the chain: the bond before it, the order of the bond behind it, and what hangs on it."""

    bond: str
    symbol: str = ""
    behind: int = 0
    hanging: list[str] = field(default_factory=list)
    rings: str = ""

    @property
    def order(self) -> int:
        """The sum of its bond orders."""
        return _ORDERS[self.bond] + self.behind + len(self.hanging) + self.closures

    @property
    def closures(self) -> int:
        """The ring bonds on it."""
        return sum(1 for character in self.rings if character.isdigit()) if self.rings else 0

    @property
    def text(self) -> str:
        atom = atom_text(self.symbol, self.order)
        return ("" if self.bond == "-" else self.bond) + atom + self.rings + "".join(f"({one})" for one in self.hanging)


@dataclass
class Parts:
    """What is owed, by how it is written.

    Parameters
    ----------
    bonds : list of str
        Of the chain, in order.
    symbols : list of str
        Of atoms that take more than one bond.
    hanging : list of str
        Terminal groups.
    """

    bonds: list[str]
    symbols: list[str]
    hanging: list[str]
    rings: int
    tail: int = 0
    """Atoms at the end of the chain that a ring bond joins to a ring; 0 for none."""

    @property
    def size(self) -> int:
        """About how much work it is to write them."""
        return len(self.bonds) + len(self.symbols) + len(self.hanging) + 1


def filler(owed: Owed) -> str | None:
    """Return an element of which any number may be written, as far as it goes; None for none."""
    fitting = [symbol for symbol in _FILLERS if owed.allows(symbol) > 0]
    return max(fitting, key=lambda symbol: min(owed.allows(symbol), 100), default=None)


def parts_of(owed: Owed, *, rooted: bool, fits: tuple[str, ...] | None = None) -> Parts | None:
    """Return what is owed as parts; None where the aromatic bonds are in reach of no ring systems.

    Parameters
    ----------
    owed : Owed
    rooted : bool
        Whether it hangs on an atom.
    fits : tuple of str, optional
        The ring systems that may be used; all when not given.
    """
    (single, singles), (double, _), (triple, _), (aromatic, _) = owed.bonds
    elements = dict(owed.elements)
    systems: tuple[System, ...] = ()
    if aromatic:
        allowed = frozenset(one for one in ("C", "N", "O", "S") if owed.allows(one) > 0)
        found = systems_for(aromatic, allowed, fits)
        if found is None:
            return None
        systems = found
        for system in systems:
            for symbol, number in system.elements:
                elements[symbol] = max(elements.get(symbol, 0) - number, 0)
    symbols = [symbol for symbol, number in elements.items() if valence(symbol) > 1 for _ in range(number)]
    single_valued = [symbol for symbol, number in elements.items() if valence(symbol) == 1 for _ in range(number)]
    hanging = [f"-{MARK_OF[system]}" for system in systems] + [atom_text(symbol, 1) for symbol in single_valued]
    rings = max(owed.rings[0] - sum(system.rings for system in systems), 0)
    bonds = _chain_bonds(double, triple, singles - len(hanging) - rings, rooted=rooted)
    nodes = len(symbols) + 0
    spare = owed.atoms[0] - len(hanging) - sum(n for s in systems for _, n in s.elements) + len(systems)
    least = max(nodes, spare, RING_ATOMS * rings) - (not rooted)
    used = bonds.count("-") + len(hanging) + rings
    further = max(least - len(bonds), single - used, 0)
    return Parts([*bonds, *["-"] * further], symbols, hanging, rings)


def _chain_bonds(double: int, triple: int, singles: int, *, rooted: bool) -> list[str]:
    """Return the bonds of a chain: multiple ones apart, doubles in a row where single bonds are scarce."""
    bonds: list[str] = []
    apart = singles >= double + triple
    for _ in range(triple):
        bonds += ["-", "#"] if bonds or rooted else ["#"]
    for number in range(double):
        bonds += ["-", "="] if (apart or number == 0) and (bonds or rooted) else ["="]
    return bonds


def chain_text(parts: Parts, owed: Owed, labels: list[str], *, rooted: bool) -> tuple[str, list[str]] | None:
    """Return a chain as text, and the terminal groups that it has no room for; None where its atoms do not do.

    Parameters
    ----------
    parts : Parts
    owed : Owed
        What atoms may come.
    labels : list of str
        Ring numbers that are free.
    rooted : bool
        Whether it hangs on an atom.
    """
    nodes = [Node(bond) for bond in ([] if rooted else [""]) + parts.bonds]
    if not nodes:
        return ("", parts.hanging)
    for node, after in pairwise(nodes):
        node.behind = _ORDERS[after.bond]
    if parts.tail:
        nodes[-parts.tail].rings += labels[0]
        nodes[-1].rings += labels[0]
    for number in range(parts.rings):
        first = nodes[number * RING_ATOMS : (number + 1) * RING_ATOMS]
        if len(first) < RING_ATOMS or any(node.bond in ("=", "#") for node in first[1:]):
            return None
        label = labels[0]
        first[0].rings += label
        first[-1].rings += label
    if not _name(nodes, parts.symbols, owed):
        return None
    left = list(parts.hanging)
    for node in nodes:
        while left and node.order < valence(node.symbol):
            node.hanging.append(left.pop(0))
    return "".join(node.text for node in nodes), left


def _name(nodes: list[Node], symbols: list[str], owed: Owed) -> bool:
    """Give every atom of a chain its element: the ones with most bonds to those that need them."""
    pool = sorted(symbols, key=valence, reverse=True)
    spare = filler(owed)
    room = 0 if spare is None else owed.allows(spare) - symbols.count(spare)
    missing = len(nodes) - len(pool)
    if missing > 0:
        if spare is None or missing > room:
            return False
        pool = sorted([*pool, *[spare] * missing], key=valence, reverse=True)
    orders = [node.order for node in nodes]
    needing = sorted(range(len(nodes)), key=orders.__getitem__, reverse=True)
    for place, symbol in zip(needing, pool, strict=False):
        if valence(symbol) < orders[place]:
            return False
        nodes[place].symbol = symbol
    return True


def variants(parts: Parts | None, owed: Owed, rotors: int | None) -> Iterator[Parts]:
    """Yield ways to write the same parts, which differ in how many of their bonds rotate.

    Parameters
    ----------
    parts : Parts, optional
        None for no way.
    owed : Owed
    rotors : int, optional
        About how many rotatable bonds are owed; None where they are not counted.
    """
    if parts is None:
        return
    if rotors is None:
        yield parts
        return
    last = max((place for place, bond in enumerate(parts.bonds) if bond != "-"), default=-1)
    spare = len(parts.bonds) - last - 1
    further = [0] if owed.bonds[SINGLE][1] < INFINITE // 2 else range(rotors + 6)
    found: list[tuple[int, int, int]] = []
    for more in further:
        number = spare + more
        found.append((abs(number - rotors - 1), more, 0))
        if owed.rings[1] > parts.rings:
            for stem in range(max(rotors - _FARTHEST, 0), min(rotors + 3, number - RING_ATOMS)):
                found.append((abs(stem + 1 - rotors), more, number - 1 - stem))
        if last < 0 and not parts.symbols and 0 < number < 5:
            found.append((rotors, more, -1))
    for _, more, tail in sorted(found, key=lambda each: each[0]):
        bonds = [*parts.bonds, *["-"] * more]
        if tail < 0:
            yield Parts(["-"], [], [*parts.hanging, *["C"] * (spare + more - 1)], parts.rings)
        else:
            yield Parts(bonds[:-1] if tail else bonds, parts.symbols, parts.hanging, parts.rings, tail)


def turning_chains(singles: int, rotors: int) -> Iterator[tuple[str, int]]:
    """Yield chains with so many single bonds of which so many rotate, each with its double bonds.

    Examples
    --------
    >>> list(turning_chains(4, 1)), list(turning_chains(2, 1)), list(turning_chains(1, 1))
    ([('CC(C)CC', 0)], [('C=CCC', 1)], [('C=CC=C', 2)])
    """
    branches = singles - rotors - 2
    if 0 <= branches <= rotors + 1:
        yield "C" + "C(C)" * branches + "C" * (rotors + 2 - branches), 0
    elif branches == -1:
        yield "C=C" + "C" * singles, 1
    elif branches == -2:
        yield "C=C" + "C" * (singles - 1) + "C=C", 2


def apart_texts(owed: Owed) -> list[str]:
    """Return what is owed as fragments of their own, for where bonds between them are too many."""
    (single, _), (double, _), (triple, _), (aromatic, _) = owed.bonds
    texts: list[str] = []
    systems = systems_for(aromatic, frozenset(one for one in ("C", "N", "O", "S") if owed.allows(one) > 0)) or ()
    texts += [MARK_OF[system] for system in systems]
    texts += ["C#C"] * triple
    texts += ["C" + "=C" * double] if double else []
    texts += ["C" + "C" * single] if single else []
    texts += [atom_text(symbol, 0) for symbol, number in owed.elements.items() for _ in range(number)]
    return texts
