"""The inside of a bracket atom: which texts may still become one, how, and what the atom then is."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from rdkit import Chem

from biomatrix.entities.molecule.smiles_automaton.kinds import Surroundings, capacity, surroundings

_ELEMENTS: Final = tuple(Chem.GetPeriodicTable().GetElementSymbol(number) for number in range(1, 119))
_AROMATIC: Final = ("b", "c", "n", "o", "p", "s", "se", "te", "as", "si")
SYMBOLS: Final = (*_ELEMENTS, *_AROMATIC)
"""What stands for an atom in brackets, but for the wildcard."""
FIRST_LETTERS: Final = tuple(sorted({symbol[0] for symbol in SYMBOLS}))
SECOND_LETTERS: Final = tuple(sorted({symbol[1] for symbol in SYMBOLS if len(symbol) > 1}))
_ANY_SYMBOL: Final = "|".join(sorted((*SYMBOLS, r"\*"), key=len, reverse=True))
_ATOM: Final = re.compile(
    rf"\[(?P<isotope>[1-9]\d{{0,2}})?(?P<symbol>{_ANY_SYMBOL})"
    r"(?P<chirality>@@|@TH[12]|@AL[12]|@SP[123]|@TB(?:1\d|20|[1-9])|@OH(?:[12]\d|30|[1-9])|@)?"
    r"(?P<hydrogens>H[2-9]?)?(?P<charge>\+\+|--|[+-][1-9]?)?(?P<map>:[1-9]\d{0,2})?\]"
)
_BEGUN: Final = re.compile(
    rf"\[\d{{0,3}}(?:{_ANY_SYMBOL}|{'|'.join(FIRST_LETTERS)})?(?:@{{1,2}}[A-Z]{{0,2}}\d{{0,2}})?H?\d?[+-]{{0,2}}\d?(?::\d{{0,3}})?"
)
"""What every text fits that can be finished: most others are told by it alone."""
_ENDS: Final = ("", "+", "-", "H", "H+", "+2", "-2", "C", "1", "P1", "B1", "H1", "L1", "2", "3", "+3")
"""What may stand between a text and the bracket that closes it: enough to finish any text that can be
finished. Whatever is left of one of them once it is begun is among them too."""


_ALL_ENDS: Final = tuple(dict.fromkeys((*_ENDS, *(letter + sign for letter in SECOND_LETTERS for sign in ("", "+")))))
_NUMBERS: Final = re.compile(r"(?<=^\[)[1-9]\d{0,2}|(?<=:)[1-9]\d{0,2}")
"""The isotope and the atom map of a text."""


class BracketAtom(NamedTuple):
    """An atom: its element, its capacity for bonds where it is aliphatic, its surroundings where it is aromatic."""

    element: str
    capacity: int
    surroundings: Surroundings | None


def bracket_atom(text: str) -> BracketAtom | None:
    """Return the atom that a text such as ``[C@@H]`` writes, None where it writes none that RDKit reads.

    Examples
    --------
    >>> bracket_atom("[NH3+]").capacity, bracket_atom("[nH]").surroundings
    (1, (False, None, None, None))
    """
    return _atom(_plain(text))


@lru_cache(maxsize=65_536)
def _atom(text: str) -> BracketAtom | None:
    match = _ATOM.fullmatch(text)
    if match is None:
        return None
    if match["symbol"] == "H" and match["chirality"]:
        return None
    symbol, hydrogens, sign = match["symbol"], match["hydrogens"] or "", match["charge"] or ""
    if symbol in _AROMATIC:
        found = surroundings(f"[{symbol}{hydrogens}{sign}]")
        return None if found is None else BracketAtom(symbol.capitalize(), 0, found)
    room = capacity(symbol, _number(hydrogens), _charge(sign), bracket=True)
    return None if room < 0 else BracketAtom(symbol, room, None)


@lru_cache(maxsize=65_536)
def bracket_parts(text: str) -> tuple[str, int, int]:
    """Return the element, the hydrogens and the charge that a bracket atom names.

    Examples
    --------
    >>> bracket_parts("[C@@H]"), bracket_parts("[NH3+]"), bracket_parts("[13c-]")
    (('C', 1, 0), ('N', 3, 1), ('C', 0, -1))
    """
    match = _ATOM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no bracket atom")
    return match["symbol"].capitalize(), _number(match["hydrogens"] or ""), _charge(match["charge"] or "")


def bracket_ends(text: str) -> tuple[str, ...]:
    """Return texts that finish a bracket atom, shortest first; none where nothing does.

    Examples
    --------
    >>> bracket_ends("[NH")[:2], bracket_ends("[C@]x")
    ((']', '+]'), ())
    """
    return _ends(_plain(text))


@lru_cache(maxsize=65_536)
def _ends(text: str) -> tuple[str, ...]:
    if _BEGUN.fullmatch(text) is None:
        return ()
    found = [end + "]" for end in _ALL_ENDS if _atom(f"{text}{end}]") is not None]
    return tuple(sorted(found, key=len))


@lru_cache(maxsize=65_536)
def bracket_futures(text: str) -> tuple[tuple[BracketAtom, int], ...]:
    """Return the different atoms that a text may become, each with the fewest characters that make it one.

    Examples
    --------
    >>> [(atom.element, atom.capacity, further) for atom, further in bracket_futures("[O")][:3]
    [('O', 2, 1), ('O', 3, 2), ('O', 1, 2)]
    """
    found: dict[tuple[int, Surroundings | None], tuple[BracketAtom, int]] = {}
    for end in bracket_ends(text):
        atom = bracket_atom(text + end)
        if atom is not None:
            found.setdefault((atom.capacity, atom.surroundings), (atom, len(end)))
    return tuple(found.values())


def _plain(text: str) -> str:
    """Return a text with ones for the digits of its isotope and atom map: which they are makes no difference."""
    return text if text[1:2].isalpha() and ":" not in text else _NUMBERS.sub(lambda found: "1" * len(found[0]), text)


def _number(hydrogens: str) -> int:
    return 0 if not hydrogens else int(hydrogens[1:] or 1)


def _charge(sign: str) -> int:
    if sign in ("++", "--"):
        return 2 if sign == "++" else -2
    return int(sign if sign[1:] else sign + "1") if sign else 0
