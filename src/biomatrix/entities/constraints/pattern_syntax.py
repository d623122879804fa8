"""How a pattern over single letters is written: the part of Python's regular expressions that a finite automaton knows.

Letters, ``.`` for any, ``[ST]`` for a choice, ``[^P]`` for all but, ``( | )`` for alternatives, and ``?``, ``*``,
``+``, ``{2}``, ``{2,}``, ``{2,4}`` for repeats.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from biomatrix.entities.constraint_text import whole_number
from biomatrix.errors import ParseError

_MOST_REPEATS: Final = 1000
_DEEPEST: Final = 50
_REPEAT: Final = re.compile(r"[?*+]|\{(\d+)(,(\d*))?\}", re.ASCII)


@dataclass(frozen=True)
class Letters:
    """One letter of a set."""

    letters: frozenset[str]


@dataclass(frozen=True)
class Run:
    """Items one after another."""

    items: tuple[Tree, ...]


@dataclass(frozen=True)
class Choice:
    """One of several."""

    options: tuple[Tree, ...]


@dataclass(frozen=True)
class Repeat:
    """An item several times; no upper limit where ``most`` is None."""

    item: Tree
    least: int
    most: int | None


Tree: TypeAlias = Letters | Run | Choice | Repeat


def parse_pattern(pattern: str, alphabet: str) -> Tree:
    """Return what a pattern says. Raises ParseError with the index of the character at fault.

    Examples
    --------
    >>> parse_pattern("K{2,}", "AK")
    Run(items=(Repeat(item=Letters(letters=frozenset({'K'})), least=2, most=None),))
    """
    reader = _Reader(pattern, frozenset(alphabet))
    tree = reader.choice()
    if reader.place < len(pattern):
        raise reader.fault("a bracket closes that was never opened")
    return tree


class _Reader:
    """Reads a pattern by recursive descent."""

    def __init__(self, pattern: str, alphabet: frozenset[str]) -> None:
        self.pattern, self.alphabet = pattern, alphabet
        self.place = self.depth = 0

    def fault(self, reason: str) -> ParseError:
        return ParseError(f"in the pattern {self.pattern!r}: {reason}", position=self.place)

    @property
    def sign(self) -> str:
        """The character to be read, "" at the end."""
        return self.pattern[self.place : self.place + 1]

    def take(self, expected: str) -> None:
        if self.sign != expected:
            raise self.fault(f"{expected!r} is missing")
        self.place += 1

    def choice(self) -> Tree:
        options = [self.run()]
        while self.sign == "|":
            self.take("|")
            options.append(self.run())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def run(self) -> Tree:
        items: list[Tree] = []
        while self.sign not in ("", "|", ")"):
            items.append(self.repeated())
        return Run(tuple(items))

    def repeated(self) -> Tree:
        item = self.item()
        found = _REPEAT.match(self.pattern, self.place)
        if found is None:
            return item
        simple = {"?": (0, 1), "*": (0, None), "+": (1, None)}.get(found.group())
        if simple is not None:
            least, most = simple
        else:
            least = whole_number(found[1], self.place)
            most = least if found[2] is None else whole_number(found[3], self.place) if found[3] else None
        if max(least, most or 0) > _MOST_REPEATS or (most is not None and most < least):
            raise self.fault(f"repeats go up, and to {_MOST_REPEATS} at most")
        self.place = found.end()
        return Repeat(item, least, most)

    def item(self) -> Tree:
        if self.sign == "(":
            self.take("(")
            self.depth += 1
            if self.depth > _DEEPEST:
                raise self.fault(f"brackets nest deeper than {_DEEPEST}")
            tree = self.choice()
            self.depth -= 1
            self.take(")")
            return tree
        if self.sign == ".":
            self.take(".")
            return Letters(self.alphabet)
        if self.sign == "[":
            return Letters(self.bracket())
        return Letters(frozenset(self.letter()))

    def bracket(self) -> frozenset[str]:
        self.take("[")
        inverted = self.sign == "^"
        self.place += inverted
        listed: set[str] = set()
        while self.sign != "]" or not listed:
            listed.add(self.letter())
        self.take("]")
        return self.alphabet - listed if inverted else frozenset(listed)

    def letter(self) -> str:
        sign = self.sign
        if not sign or sign not in self.alphabet:
            raise self.fault(f"{sign!r} is none of the letters {''.join(sorted(self.alphabet))}" if sign else "it ends")
        self.place += 1
        return sign
