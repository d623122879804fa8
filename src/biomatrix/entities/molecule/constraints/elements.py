"""Which elements a molecule consists of, and how many atoms of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from biomatrix.entities.constraint_text import whole_number
from biomatrix.entities.molecule.constraints.count_text import parse_count
from biomatrix.entities.molecule.constraints.counted import CountConstraint
from biomatrix.entities.molecule.counts import Count, MoleculeCounts
from biomatrix.errors import ParseError

_LIMITED: Final = re.compile(r"([A-Z][a-z]?)((?:<=|>=|=)\d+|\d+-\d+)", re.ASCII)
_FORMULA: Final = re.compile(r"([A-Z][a-z]?)(\d*)", re.ASCII)


@dataclass(frozen=True)
class Elements(CountConstraint):
    """Heavy atoms by element.

    Parameters
    ----------
    elements : tuple of (str, Count)
        By symbol.
    others : bool
        Whether other elements may occur.
    """

    name: ClassVar[str] = "elements"
    help: ClassVar[str] = "atoms by element, C8N1O3 or C6-10,N<=2,O>=1; no others unless + is added; no hydrogens"
    example: ClassVar[str] = "C6-10,N<=2,O>=1"

    elements: tuple[tuple[str, Count], ...]
    others: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``C8N1O3``, ``C6-10,N<=2,O>=1`` or ``C8,+``."""
        elements: dict[str, Count] = {}
        others = False
        offset = 0
        for item in text.split(","):
            word = "".join(item.split())
            found = _LIMITED.fullmatch(word)
            if found:
                _add(elements, found[1], parse_count(found[2], offset), offset)
            else:
                others = others or word.endswith("+")
                for symbol, number in _symbols(word.removesuffix("+") or "", text, offset, empty=word == "+"):
                    _add(elements, symbol, (number, number), offset)
            offset += len(item) + 1
        return cls(tuple(elements.items()), others)

    @property
    def counts(self) -> MoleculeCounts:
        return MoleculeCounts(dict(self.elements), self.others)


def _symbols(word: str, text: str, offset: int, *, empty: bool) -> list[tuple[str, int]]:
    """Return the symbols of a formula, each with its number."""
    found = [(symbol, whole_number(number or "1", offset)) for symbol, number in _FORMULA.findall(word)]
    if "".join(match.group() for match in _FORMULA.finditer(word)) != word or not (word or empty):
        raise ParseError(f"{text!r} is none of C8N1O3, C6-10, N<=2 and O>=1, with commas between", position=offset)
    return found


def _add(elements: dict[str, Count], symbol: str, count: Count, offset: int) -> None:
    if symbol == "H":
        raise ParseError("hydrogens are not counted here; ask for a formula", position=offset)
    if not is_element(symbol):
        raise ParseError(f"{symbol!r} is no element", position=offset)
    if symbol in elements:
        raise ParseError(f"{symbol} is counted twice", position=offset)
    elements[symbol] = count


def is_element(symbol: str) -> bool:
    """Return whether a text is the symbol of an element."""
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        try:
            return bool(Chem.GetPeriodicTable().GetAtomicNumber(symbol) > 0)
        except RuntimeError:
            return False
