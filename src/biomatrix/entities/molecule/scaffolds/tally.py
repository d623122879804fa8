"""Which atoms a string with a scaffold has so far, and what may be added to it."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Final, NamedTuple

from biomatrix.entities.molecule.counts import MoleculeCounts
from biomatrix.entities.molecule.modalities.smiles import split_smiles

_BRACKET: Final = re.compile(r"\[\d*([A-Za-z][a-z]?)")
_TAIL: Final = re.compile(r"\[[^\]]*$|.?$")
_SYMBOL: Final = re.compile(r"[A-Za-z][a-z]?")
_OPEN: Final = re.compile(r"\[[^\]]*$")
_HYDROGEN: Final = "H"
_WILDCARD: Final = "*"
COMMON: Final = ("Br", "C", "Cl", "F", "I", "N", "O", "P", "S")
"""Elements that brackets of decorations hold unless others are asked for."""


class Tally(NamedTuple):
    """The atoms of a string.

    Parameters
    ----------
    tail : str
        The end of the string that what follows may change: an open bracket, or the last character.
    elements : tuple of (str, int)
        Heavy atoms by symbol, ascending.
    """

    tail: str = ""
    elements: tuple[tuple[str, int], ...] = ()

    def with_piece(self, piece: str) -> Tally:
        """Return the tally after a piece."""
        return _longer(self, piece)


@lru_cache(maxsize=65_536)
def _longer(tally: Tally, piece: str) -> Tally:
    text = tally.tail + piece
    found = Counter(dict(tally.elements))
    found.update(atoms_of(text))
    found.subtract(atoms_of(tally.tail))
    tail = _TAIL.search(text)
    return Tally(
        tail.group() if tail else "", tuple(sorted((each, number) for each, number in found.items() if number))
    )


@lru_cache(maxsize=65_536)
def atoms_of(smiles: str) -> Counter[str]:
    """Return the heavy atoms that a text writes, wildcards too, those of an open bracket not among them.

    Examples
    --------
    >>> sorted(atoms_of("Clc1cc[nH]c1[O").items())
    [('C', 4), ('Cl', 1), ('N', 1)]
    """
    found: Counter[str] = Counter()
    for piece in split_smiles(_OPEN.sub("", smiles)):
        if piece[0] == "[" and len(piece) > 1:
            match = _BRACKET.match(piece)
            symbol = match[1].capitalize() if match else ""
            found[symbol if _is_element(symbol) else symbol[:1]] += 1
        elif piece[0].isalpha() or piece == _WILDCARD:
            found[piece.capitalize()] += 1
    del found[_HYDROGEN]
    return found


@lru_cache(maxsize=1024)
def _is_element(symbol: str) -> bool:
    from biomatrix.entities.molecule.constraints.elements import is_element

    return is_element(symbol)


class Room:
    """What counts leave for the decorations of a scaffold.

    Parameters
    ----------
    counts : MoleculeCounts
        Of the whole molecule.
    most : int
        Heavy atoms where the counts set no limit.

    Attributes
    ----------
    most : int
        Heavy atoms in all.
    """

    def __init__(self, counts: MoleculeCounts, most: int) -> None:
        self._counts = counts
        named = [high for _, high in counts.elements.values() if high is not None]
        summed = None if counts.others or len(named) < len(counts.elements) else sum(named)
        limits = [each for each in (counts.atoms[1], summed) if each is not None]
        self.most = min(limits, default=max(most, counts.atoms[0]))
        self._known: dict[tuple[tuple[tuple[str, int], ...], str, int, int], tuple[bool, bool]] = {}

    def judge(self, tally: Tally, rest: Counter[str], place: int, closing: int = 0) -> tuple[bool, bool]:
        """Return whether a string may go on with the rest of the scaffold, and whether it has all atoms then.

        ``place`` stands for the rest where what is known is looked up; ``closing`` are atoms of any element that close
        what is open.
        """
        open_ = tally.tail if tally.tail[:1] == "[" else ""
        key = tally.elements, open_, place, closing
        known = self._known.get(key)
        if known is None:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            known = self._known[key] = self._judged(Counter(dict(tally.elements)) + rest, closing, open_)
        return known

    def _judged(self, atoms: Counter[str], closing: int, bracket: str) -> tuple[bool, bool]:
        total = sum(atoms.values())
        if bracket:
            total += 1
            if not any(self._holds(symbol, atoms[symbol] + 1) for symbol in self._possible(bracket)):
                return False, False
        owed = total < self._counts.atoms[0]
        spare, lacking = self.most - total, 0
        for symbol in {*atoms, *self._counts.elements}:
            least, most = self._counts.element(symbol)
            if most is not None and atoms[symbol] > most:
                return False, False
            owed = owed or atoms[symbol] < least
            lacking += max(least - atoms[symbol], 0)
        return spare >= max(lacking, closing), not owed

    def _holds(self, symbol: str, number: int) -> bool:
        most = self._counts.element(symbol)[1]
        return most is None or number <= most

    def _possible(self, bracket: str) -> list[str]:
        """Return the elements that an open bracket may become, of those that are common or counted."""
        letters = bracket[1:].lstrip("0123456789")
        match = _SYMBOL.match(letters)
        named = dict.fromkeys([*COMMON, *self._counts.elements])
        if match is None:
            return list(named)
        symbol = match.group().capitalize()
        if len(letters) > len(match.group()) or len(symbol) > 1:
            return [symbol if symbol in named else symbol[:1]]
        return [each for each in named if each.startswith(symbol)]


_MOST_KNOWN: Final = 20_000
