"""How a text answer becomes a value: named, pure functions whose errors quote what stood there instead.

A model's answer is outside data: its length is limited, and nothing in it is run.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from biomatrix.entities import Entity, modality
from biomatrix.errors import ConfigurationError, LimitError, ParseError

LONGEST_ANSWER: Final = 100_000
"""The most characters of an answer; a longer one is refused."""

Value: TypeAlias = float | bool | str | Entity

_NUMBER: Final[re.Pattern[str]] = re.compile(
    r"(?<![A-Za-z0-9_.])[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,300})?(?:\.[0-9]{1,300})?(?<=[0-9])(?:[eE][+-]?[0-9]{1,3})?"
)
_YES_NO_WORDS: Final = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True)
class Expected:
    """The form that an answer should have.

    Parameters
    ----------
    unit : str
        The unit that may follow a number; "" for none.
    choices : tuple of str
        The allowed answers; empty where any is allowed.
    modality : str, optional
        The modality that an entity is written in.
    """

    unit: str = ""
    choices: tuple[str, ...] = ()
    modality: str | None = None


Parser: TypeAlias = Callable[[str, Expected], Value]


def parse_text(text: str, expected: Expected) -> str:
    """Return the answer with its white space collapsed. Raises ParseError where nothing is left."""
    words = " ".join(text.split())
    if not words:
        raise ParseError("an empty answer")
    return words


def parse_number(text: str, expected: Expected) -> float:
    """Return the only number of an answer; its unit, and words before it, may stand there too.

    Raises
    ------
    ParseError
        If there is no number, or several, or one that is not finite or is followed by anything but the unit.

    Examples
    --------
    >>> parse_number("about -3.1 kcal/mol.", Expected(unit="kcal/mol"))
    -3.1
    """
    plain = " ".join(text.replace("\u2212", "-").split()).rstrip(".!")
    plain = plain.removesuffix(expected.unit).rstrip()
    numbers = [match for match in _NUMBER.finditer(plain) if match.group()]
    if not numbers:
        raise ParseError(f"no number: found {shown(text)}")
    if len(numbers) > 1:
        raise ParseError(f"{len(numbers)} numbers where one is expected: found {shown(text)}")
    rest = plain[numbers[0].end() :].strip().rstrip(".!")
    if rest:
        allowed = f"{expected.unit!r} or nothing" if expected.unit else "nothing"
        raise ParseError(f"{allowed} may follow the number: found {shown(rest)}")
    value = float(numbers[0].group().replace(",", ""))
    if not math.isfinite(value):
        raise ParseError(f"not a finite number: found {shown(text)}")
    return value


def parse_yes_no(text: str, expected: Expected) -> bool:
    """Return True for yes and False for no, whatever other words there are; both or neither is refused.

    Examples
    --------
    >>> parse_yes_no("No, it is soluble.", Expected())
    False
    """
    answers = {_YES_NO_WORDS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _YES_NO_WORDS}
    if len(answers) != 1:
        raise ParseError(f"{'both yes and no' if answers else 'neither yes nor no'}: found {shown(text)}")
    return answers.pop()


def parse_choice(text: str, expected: Expected) -> str:
    """Return the choice that the answer names, whatever the case; several or none is refused.

    Only whole words count: "insoluble" does not name "soluble". Nor does a choice count that is part of a longer one
    that is named too.
    """
    plain = " ".join(text.lower().split())
    matches = [one for one in expected.choices if _names(plain, one.lower())]
    longest = [one for one in matches if not any(one != other and one.lower() in other.lower() for other in matches)]
    if len(longest) != 1:
        what = "several choices" if longest else "none of the choices"
        raise ParseError(f"{what} ({', '.join(expected.choices)}): found {shown(text)}")
    return longest[0]


def _names(text: str, choice: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(choice)}(?!\w)", text) is not None


def parse_entity(text: str, expected: Expected) -> Entity:
    """Return the entity that an answer spells in the expected modality, with or without its control pair.

    Raises
    ------
    ParseError, DecodeError
        If the answer is empty, or spells no entity.
    ConfigurationError
        If no modality is expected.
    """
    if expected.modality is None:
        raise ConfigurationError("an answer that is an entity needs a modality, and none is given")
    spelling = modality(expected.modality)
    bare = text.strip().removeprefix(spelling.start_token).removesuffix(spelling.end_token)
    if not bare.strip():
        raise ParseError(f"no {expected.modality}: an empty answer")
    return spelling.decode(spelling.split(bare.strip()))


PARSERS: Final[Mapping[str, Parser]] = {
    "text": parse_text,
    "number": parse_number,
    "yes_no": parse_yes_no,
    "choice": parse_choice,
    "entity": parse_entity,
}


def parse_answer(parser: str, text: str, expected: Expected) -> Value:
    """Return the value that an answer states.

    Parameters
    ----------
    parser : str
        A key of `PARSERS`.
    text : str
        The answer.
    expected : Expected
        The unit, choices or modality.

    Raises
    ------
    ParseError, DecodeError, LimitError
        If the answer states no such value, spells no entity, or is too long.
    ConfigurationError
        If there is no such parser.
    """
    if parser not in PARSERS:
        raise ConfigurationError(f"no parser {parser!r}; known: {', '.join(PARSERS)}")
    if len(text) > LONGEST_ANSWER:
        raise LimitError(f"an answer of {len(text):,} characters: at most {LONGEST_ANSWER:,} are read")
    return PARSERS[parser](text, expected)


def shown(text: str) -> str:
    """Return the beginning of a text for a message."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
