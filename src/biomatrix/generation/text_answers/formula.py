"""A molecular formula in Hill order, such as C8H10N4O2.

Carbon first, then hydrogen, then the other elements by their symbols; without carbon all by their symbols (Hill, J. Am.
Chem. Soc. 1900, 22, 478). A count of 1 is left out.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from biomatrix.errors import ParseError
from biomatrix.generation.text_answers.language import State, contains
from biomatrix.generation.text_answers.text_constraint import TextConstraint

_TABLE: Final = (
    "Ac Ag Al Am Ar As At Au B Ba Be Bh Bi Bk Br C Ca Cd Ce Cf Cl Cm Cn Co Cr Cs Cu Db Ds Dy Er Es Eu F Fe Fl Fm Fr Ga "
    "Gd Ge H He Hf Hg Ho Hs I In Ir K Kr La Li Lr Lu Lv Mc Md Mg Mn Mo Mt N Na Nb Nd Ne Nh Ni No Np O Og Os P Pa Pb Pd "
    "Pm Po Pr Pt Pu Ra Rb Re Rf Rg Rh Rn Ru S Sb Sc Se Sg Si Sm Sn Sr Ta Tb Tc Te Th Ti Tl Tm Ts U V W Xe Y Yb Zn Zr"
)
SYMBOLS: Final = tuple(_TABLE.split())
"""The 118 elements by symbol."""
_MOST_DIGITS: Final = 3
_STRETCH: Final = re.compile(rf"[a-z]?\d*(?:(?:{'|'.join(sorted(SYMBOLS, key=len, reverse=True))})\d*)*[A-Z]?")
"""What a stretch of a formula looks like, cut anywhere."""


@dataclass(frozen=True)
class MolecularFormula(TextConstraint):
    """The answer is a molecular formula in Hill order; each element up to 999 times."""

    name: ClassVar[str] = "molecular-formula"
    help: ClassVar[str] = "the answer is a molecular formula in Hill order; takes no value"
    example: ClassVar[str] = ""

    def language(self) -> FormulaLanguage:
        """Return every formula."""
        return FormulaLanguage()

    def value(self, text: str) -> str:
        """Return the formula."""
        if not contains(FormulaLanguage(), text):
            raise ParseError(f"the answer is no molecular formula in Hill order: {text[:80]!r}")
        return text


class _Written(NamedTuple):
    """A formula so far: its last symbol, perhaps its first letter alone; the rank of the one before it in Hill order.

    That rank is lowered to where it still decides the same, so that there are few states. ``carbon`` is whether it
    began with carbon, None before anything; ``digits`` are those of the count, ``one`` where they are a single 1, which
    must be followed by another.
    """

    symbol: str = ""
    before: int = -1
    carbon: bool | None = None
    digits: int = 0
    one: bool = False


class FormulaLanguage:
    """Molecular formulas in Hill order as a finite automaton over bytes."""

    def __init__(self) -> None:
        self.start: State = _Written()
        self.alphabet = frozenset(map(ord, "".join(SYMBOLS) + "0123456789"))
        others = [symbol for symbol in SYMBOLS if symbol not in ("C", "H")]
        with_carbon = ["C", "H", *others]
        without = [symbol for symbol in SYMBOLS if symbol != "C"]
        self._ranks = {
            True: {symbol: rank for rank, symbol in enumerate(with_carbon)},
            False: {symbol: rank for rank, symbol in enumerate(without)},
        }
        self._by_letter: dict[bool | None, dict[str, list[int]]] = {None: {}, False: {}, True: {}}
        for carbon, by_letter in self._by_letter.items():
            for symbol in SYMBOLS:
                by_letter.setdefault(symbol[0], []).append(self._rank(symbol, carbon))
            for ranks in by_letter.values():
                ranks.sort()
        self._known: dict[State, dict[int, State]] = {}
        self._later: dict[tuple[int, bool | None], dict[int, State]] = {}

    def following(self, state: State) -> Mapping[int, State]:
        """Return the bytes that may come next, each with the state after it."""
        if state not in self._known:
            self._known[state] = self._after(state if isinstance(state, _Written) else _Written())
        return self._known[state]

    def may_hold(self, piece: bytes) -> bool:
        """Return whether a piece can be part of a formula."""
        return _STRETCH.fullmatch(piece.decode("ascii")) is not None

    def accepts(self, state: State) -> bool:
        """Return whether the string so far is a formula."""
        return isinstance(state, _Written) and self._is_whole(state)

    def _is_whole(self, state: _Written) -> bool:
        """Return whether the last symbol is an element at its place in the order, with a whole count."""
        return not state.one and self._rank(state.symbol, state.carbon) > state.before

    def _rank(self, symbol: str, carbon: bool | None) -> int:
        """Return the rank of a symbol; -1 where it may not stand in such a formula."""
        return self._ranks[carbon is not False and (carbon or symbol == "C")].get(symbol, -1)

    def _after(self, state: _Written) -> dict[int, State]:
        found: dict[int, State] = {}
        if state.symbol and not state.digits and len(state.symbol) == 1:
            longer = {symbol for symbol in SYMBOLS if len(symbol) == 2 and symbol[0] == state.symbol}
            # What began with C may still be calcium: then it has no carbon.
            for symbol in longer:
                if self._rank(symbol, state.carbon) > state.before:
                    found[ord(symbol[1])] = _Written(symbol, -1, bool(state.carbon))
        if not state.symbol or self._is_whole(state):
            found |= self._next_symbols(state)
        if state.symbol and (state.one or self._is_whole(state)) and state.digits < _MOST_DIGITS:
            found |= self._next_digits(state)
        return found

    def _next_symbols(self, state: _Written) -> dict[int, State]:
        """Return the first letters of symbols that come later in the order."""
        if not state.symbol:
            return self._letters(-1, None)
        carbon = state.symbol == "C" if state.carbon is None else state.carbon
        return self._letters(self._rank(state.symbol, carbon), carbon)

    def _letters(self, before: int, carbon: bool | None) -> dict[int, State]:
        if (before, carbon) not in self._later:
            found: dict[int, State] = {}
            for letter, ranks in self._by_letter[carbon].items():
                lower = bisect_right(ranks, before)
                if lower < len(ranks):
                    found[ord(letter)] = _Written(letter, ranks[lower - 1] if lower else -1, carbon)
            self._later[before, carbon] = found
        return self._later[before, carbon]

    def _next_digits(self, state: _Written) -> dict[int, State]:
        counts: dict[int, State] = {}
        for digit in range(0 if state.digits else 1, 10):
            one = digit == 1 and not state.digits and state.digits + 1 < _MOST_DIGITS
            counts[ord("0") + digit] = _Written(state.symbol, -1, state.carbon, state.digits + 1, one)
        return counts
