"""A decimal number within a range, perhaps with a unit behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import ClassVar, Final, Self

from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.generation.text_answers.language import State
from biomatrix.generation.text_answers.text_constraint import TextConstraint

_MOST_DIGITS: Final = 12
"""Digits before the point of a number without a bound."""
_MOST_DECIMALS: Final = 12
_TYPED: Final = re.compile(r"([^.,]*(?:\.\d+)?)\.\.([^.,]*(?:\.\d+)?)(?:,(\d*))?(?:,(.*))?", re.DOTALL | re.ASCII)
_END: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_DIGITS: Final = range(ord("0"), ord("9") + 1)
_MINUS, _POINT = ord("-"), ord(".")


@dataclass(frozen=True)
class Number(TextConstraint):
    """The answer is a number, such as ``-3.25``: no leading zeros, no exponent.

    Parameters
    ----------
    least, most : float, optional
        Both included. Where one is not given, numbers of up to 12 digits before the point.
    decimals : int
        The most digits after the point, 0 to 12.
    unit : str
        What stands behind the number, after a space; nothing when empty.

    Raises
    ------
    ConfigurationError
        No number lies within the range.
    """

    name: ClassVar[str] = "number"
    help: ClassVar[str] = "the answer is a number, LEAST..MOST[,DECIMALS[,UNIT]]; an end may be left open"
    example: ClassVar[str] = "-5..5,2,kcal/mol"
    least: float | None = None
    most: float | None = None
    decimals: int = 0
    unit: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.decimals <= _MOST_DECIMALS:
            raise ConfigurationError(f"decimals are 0 to {_MOST_DECIMALS}, not {self.decimals}")
        if self.unit != self.unit.strip():
            raise ConfigurationError("a unit has no white space around it")
        low, high = self._scaled
        if low > high:
            raise ConfigurationError(f"no number with {self.decimals} decimals lies in {self.least} to {self.most}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the constraint of ``LEAST..MOST``, perhaps with decimals and a unit behind commas."""
        match = _TYPED.fullmatch(text.strip())
        if match is None:
            raise ParseError("a range of numbers is written LEAST..MOST")
        ends = [end.strip() for end in match.groups()[:2]]
        wrong = next((end for end in ends if end and not _END.fullmatch(end)), None)
        if wrong is not None:
            raise ParseError(f"{wrong[:40]!r} is no number")
        least, most = (float(end) if end else None for end in ends)
        return cls(least, most, int((match[3] or "0")[:9]), (match[4] or "").strip())

    def language(self) -> NumberLanguage:
        """Return the numbers of the range, each as every string that spells it."""
        return NumberLanguage(*self._scaled, self.decimals, f" {self.unit}" if self.unit else "")

    def value(self, text: str) -> float:
        """Return the number, without its unit."""
        number = text.removesuffix(f" {self.unit}") if self.unit else text
        plain = re.fullmatch(r"-?\d+(\.\d+)?", number, re.ASCII) is not None
        if not plain or (self.unit and number == text):
            form = f"number followed by {self.unit}" if self.unit else "number"
            raise ParseError(f"the answer is no {form}: {text[:80]!r}")
        low, high = self._scaled
        if not low <= Decimal(number).scaleb(self.decimals) <= high:
            raise ParseError(f"{number[:40]} lies outside {self.least} to {self.most}")
        return float(number)

    @property
    def _scaled(self) -> tuple[int, int]:
        """The range in units of the last decimal, rounded inwards."""
        far = 10 ** (_MOST_DIGITS + self.decimals) - 1
        try:
            low = -far if self.least is None else _whole(self.least, self.decimals, ROUND_CEILING)
            high = far if self.most is None else _whole(self.most, self.decimals, ROUND_FLOOR)
        except (InvalidOperation, ValueError, OverflowError):
            raise ConfigurationError(f"the ends of a range are numbers, not {self.least} and {self.most}") from None
        if max(abs(low), abs(high)) > far:
            raise ConfigurationError(f"a number has at most {_MOST_DIGITS} digits before the point")
        return low, high


def _whole(end: float, decimals: int, rounding: str) -> int:
    return int(Decimal(repr(float(end))).scaleb(decimals).quantize(Decimal(1), rounding=rounding))


@dataclass(frozen=True)
class _Written:
    """A number so far: its sign, its digits, how many of them stand behind the point (None before the point).

    ``inside`` where only how many more digits come before the point decides whether it lies within the range: whether
    it does after none, one, ... more. Its digits then stand for their number alone.
    """

    negative: bool = False
    digits: str = ""
    behind: int | None = None
    inside: tuple[bool, ...] | None = None

    def longer(self, digit: int) -> _Written:
        """Return the number with another digit, before the point or behind it."""
        behind = None if self.behind is None else self.behind + 1
        inside = self.inside if self.inside is None or self.behind is not None else self.inside[1:]
        return _Written(self.negative, self.digits + chr(digit), behind, inside)


class NumberLanguage:
    """The decimal numbers of a range. A state is a number so far, or the place in the unit behind it.

    Numbers so far from which the same may follow are one state, so that there are few.

    Parameters
    ----------
    low, high : int
        The range, in units of the last decimal.
    decimals : int
        The most digits behind the point.
    tail : str
        What stands behind the number.
    """

    def __init__(self, low: int, high: int, decimals: int, tail: str) -> None:
        self._bounds = {False: (max(low, 0), high), True: (max(-high, 1), -low)}
        self._decimals = decimals
        self._scale = 10**decimals
        self._tail = tail.encode()
        self._known: dict[State, dict[int, State]] = {}
        self.start: State = _Written()
        self.alphabet = frozenset({*_DIGITS, _MINUS, _POINT, *self._tail})

    def following(self, state: State) -> Mapping[int, State]:
        """Return the bytes that may come next, each with the state after it."""
        if state not in self._known:
            self._known[state] = self._after_number(state) if isinstance(state, _Written) else self._after_tail(state)
        return self._known[state]

    def may_hold(self, piece: bytes) -> bool:
        """Return whether a piece can be part of a number or its unit."""
        number = piece.rstrip(self._tail)
        return piece in self._tail or re.fullmatch(rb"-?\d*\.?\d*", number) is not None

    def accepts(self, state: State) -> bool:
        """Return whether the string may end here."""
        if isinstance(state, _Written):
            return not self._tail and self._is_whole(state)
        return state == len(self._tail)

    def _after_tail(self, place: State) -> dict[int, State]:
        at = int(place)  # type: ignore[call-overload]
        return {self._tail[at]: at + 1} if at < len(self._tail) else {}

    def _after_number(self, state: _Written) -> dict[int, State]:
        found: dict[int, State] = {}
        if self._tail and self._is_whole(state):
            found[self._tail[0]] = 1
        if state == _Written() and self._bounds[True][0] <= self._bounds[True][1]:
            found[_MINUS] = _Written(negative=True)
        if state.behind is None and state.digits and self._decimals:
            found |= self._kept(_POINT, replace(state, behind=0, inside=state.inside and state.inside[:1]))
        if self._room(state) if state.behind is None else state.behind < self._decimals:
            for digit in _DIGITS:
                found |= self._kept(digit, state.longer(digit))
        return found

    def _kept(self, byte: int, state: _Written) -> dict[int, State]:
        """Return the byte with the state after it, where a number of the range can still be completed."""
        low, high = self._bounds[state.negative]
        if state.inside is None:
            reaches = [self._reach(state, more) for more in range(self._room(state) + 1)]
            within = tuple(low <= first and last <= high for first, last in reaches)
            touched = tuple(first <= high and low <= last for first, last in reaches)
            if not any(touched):
                return {}
            state = replace(state, inside=within) if within == touched else state
        if state.inside is not None:
            state = replace(state, digits="0" if state.digits == "0" else "1" * len(state.digits))
        return {byte: state} if state.inside is None or any(state.inside) else {}

    def _room(self, state: _Written) -> int:
        """Return how many more digits may come before the point."""
        if state.behind is not None or state.digits == "0":
            return 0
        return max(0, len(str(self._bounds[state.negative][1] // self._scale)) - len(state.digits))

    def _reach(self, state: _Written, more: int) -> tuple[int, int]:
        """Return the least and the most that the number becomes with so many more digits before the point."""
        unit = self._scale * 10**more if state.behind is None else 10 ** (self._decimals - state.behind)
        first = int(state.digits or "0") * unit
        return first, first + unit - 1

    def _is_whole(self, state: _Written) -> bool:
        """Return whether the number so far is one of the range."""
        if state.inside is not None:
            return state.inside[0] and state.behind != 0
        low, high = self._bounds[state.negative]
        unit = self._scale if state.behind is None else 10 ** (self._decimals - state.behind)
        return bool(state.digits) and state.behind != 0 and low <= int(state.digits) * unit <= high
