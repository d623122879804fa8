"""Lists of labels with ``; `` between them: those of a given set, and EC numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.generation.text_answers.language import Language, State, Words, contains
from biomatrix.generation.text_answers.text_constraint import TextConstraint

JOINT: Final = "; "
MOST: Final = 32
"""The most labels of a list."""


@dataclass(frozen=True)
class Labels(TextConstraint):
    """The answer is one or several of some labels, letter for letter, with ``; `` between them.

    Parameters
    ----------
    options : tuple of str
        At least one; none empty, with white space around it, or with a semicolon.
    """

    name: ClassVar[str] = "labels"
    help: ClassVar[str] = "the answer is one or several of these labels, with | between them; it writes '; ' between"
    example: ClassVar[str] = "breast cancer|glioma"
    options: tuple[str, ...]

    def __init__(self, options: Sequence[str]) -> None:
        if isinstance(options, str) or not all(isinstance(option, str) for option in options):
            raise ConfigurationError("labels are a list of strings")
        if not options or not all(option and option == option.strip() and ";" not in option for option in options):
            raise ConfigurationError("labels are words, none empty, with white space around it or with a semicolon")
        object.__setattr__(self, "options", tuple(dict.fromkeys(options)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the labels that stand in a text with | between them."""
        return cls([option.strip() for option in text.split("|")])

    def language(self) -> JoinedLabels:
        """Return the lists."""
        return JoinedLabels(Words(self.options))

    def value(self, text: str) -> str:
        """Return the list."""
        strange = next((label for label in text.split(JOINT) if label not in self.options), None)
        if strange is not None or text.count(JOINT) >= MOST:
            raise ParseError(f"the answer is no list of at most {MOST} of the labels: {text[:80]!r}")
        return text


@dataclass(frozen=True)
class EcNumber(TextConstraint):
    """The answer is one or several EC numbers, such as ``2.7.11.1; 4.2.1.-``."""

    name: ClassVar[str] = "ec-number"
    help: ClassVar[str] = "the answer is one or several EC numbers, with '; ' between them; takes no value"
    example: ClassVar[str] = ""

    def language(self) -> JoinedLabels:
        """Return the lists."""
        return JoinedLabels(EcLanguage())

    def value(self, text: str) -> str:
        """Return the list."""
        if not contains(self.language(), text):
            raise ParseError(f"the answer is no list of EC numbers: {text[:80]!r}")
        return text


class JoinedLabels:
    """One string of a language or several, with ``; `` between them.

    Parameters
    ----------
    inner : Language
        Of single labels, none of which holds a semicolon.
    """

    def __init__(self, inner: Language) -> None:
        self._inner = inner
        self._joint = JOINT.encode()
        self.start: State = _Place(1, 0, inner.start)
        self.alphabet = inner.alphabet | frozenset(self._joint)
        self._known: dict[State, dict[int, State]] = {}

    def following(self, state: State) -> Mapping[int, State]:
        """Return the bytes that may come next."""
        if state not in self._known:
            self._known[state] = self._after(state) if isinstance(state, _Place) else {}
        return self._known[state]

    def accepts(self, state: State) -> bool:
        """Return whether the list may end here."""
        return isinstance(state, _Place) and not state.joint and self._inner.accepts(state.label)

    def may_hold(self, piece: bytes) -> bool:
        """Return whether a piece can be part of a list."""
        return all(self._inner.may_hold(part.strip(b" ")) for part in piece.split(b";") if part.strip(b" "))

    def _after(self, state: _Place) -> dict[int, State]:
        if state.joint:
            whole = state.joint + 1 == len(self._joint)
            place = _Place(state.number + 1, 0, self._inner.start) if whole else state._replace(joint=state.joint + 1)
            return {self._joint[state.joint]: place}
        found: dict[int, State] = {
            byte: state._replace(label=label) for byte, label in self._inner.following(state.label).items()
        }
        if self._inner.accepts(state.label) and state.number < MOST:
            found[self._joint[0]] = _Place(state.number, 1, None)
        return found


class _Place(NamedTuple):
    """A list so far: the number of the label, how much of the joint stands behind it, and the label so far."""

    number: int
    joint: int
    label: State


class _Field(NamedTuple):
    """An EC number so far: the field, from 0, and what stands in it: digits, or one of the marks n, - and \"\"."""

    number: int = 0
    digits: int = 0
    mark: str = ""
    open: bool = False
    """Whether an earlier field is a dash, so that this one is too."""


class EcLanguage:
    """EC numbers: four fields, the last ones perhaps dashes; the fourth perhaps preliminary, such as n1."""

    start: State = _Field()
    alphabet = frozenset(b"0123456789.-n")

    def following(self, state: State) -> Mapping[int, State]:
        """Return the bytes that may come next, each with the state after it."""
        assert isinstance(state, _Field)
        number, digits, mark, is_open = state
        found: dict[str, State] = {}
        if not digits and mark != "-" and not is_open:
            last = "7" if number == 0 else "9"
            found |= {chr(code): _Field(number, 1) for code in range(ord("1"), ord(last) + 1)}
            if number == 3 and not mark:
                found["n"] = _Field(3, 0, "n")
        if 0 < digits < 3 and number:
            found |= {str(digit): _Field(number, digits + 1) for digit in range(10)}
        if not digits and not mark and number:
            found["-"] = _Field(number, 0, "-")
        if number < 3 and (digits or mark == "-"):
            found["."] = _Field(number + 1, open=mark == "-")
        return {ord(letter): after for letter, after in found.items()}

    def accepts(self, state: State) -> bool:
        """Return whether the string so far is an EC number."""
        return isinstance(state, _Field) and state.number == 3 and (state.digits > 0 or state.mark == "-")

    def may_hold(self, piece: bytes) -> bool:
        """Return whether a piece can be part of an EC number."""
        return set(piece) <= self.alphabet
