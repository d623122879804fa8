"""How a text answer becomes a value: named, pure functions that say what they found where they find none.

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
"""Characters of an answer that are read at most; a longer one is refused."""

Value: TypeAlias = float | bool | str | Entity

_NUMBER: Final[re.Pattern[str]] = re.compile(
    r"(?<![A-Za-z0-9_.])[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,300})?(?:\.[0-9]{1,300})?(?<=[0-9])(?:[eE][+-]?[0-9]{1,3})?"
)
_SAID: Final = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True)
class Expected:
    """What is known about an answer before it is read.

    Parameters
    ----------
    unit : str
        What may stand behind a number; "" for none.
    choices : tuple of str
        What may be answered; empty where anything may.
    modality : str, optional
        What an entity is written in.
    """

    unit: str = ""
    choices: tuple[str, ...] = ()
    modality: str | None = None


Parser: TypeAlias = Callable[[str, Expected], Value]


def parse_text(text: str, expected: Expected) -> str:
    """Return the answer with its white space collapsed. Raises ParseError where nothing is left."""
    found = " ".join(text.split())
    if not found:
        raise ParseError("an empty answer")
    return found


def parse_number(text: str, expected: Expected) -> float:
    """Return the only number of an answer; its unit, and words before it, may stand there too.

    Raises
    ------
    ParseError
        No number, several, one that is not finite, or one followed by something other than the unit.

    Examples
    --------
    >>> parse_number("about -3.1 kcal/mol.", Expected(unit="kcal/mol"))
    -3.1
    """
    plain = " ".join(text.replace("\u2212", "-").split()).rstrip(".!")
    plain = plain.removesuffix(expected.unit).rstrip()
    found = [match for match in _NUMBER.finditer(plain) if match.group()]
    if not found:
        raise ParseError(f"no number: found {shown(text)}")
    if len(found) > 1:
        raise ParseError(f"{len(found)} numbers where one is expected: found {shown(text)}")
    behind = plain[found[0].end() :].strip().rstrip(".!")
    if behind:
        wanted = f"{expected.unit!r} or nothing" if expected.unit else "nothing"
        raise ParseError(f"{wanted} may follow the number: found {shown(behind)}")
    value = float(found[0].group().replace(",", ""))
    if not math.isfinite(value):
        raise ParseError(f"not a finite number: found {shown(text)}")
    return value


def parse_yes_no(text: str, expected: Expected) -> bool:
    """Return True for yes and False for no, whatever is said besides; both or neither is refused.

    Examples
    --------
    >>> parse_yes_no("No, it is soluble.", Expected())
    False
    """
    found = {_SAID[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _SAID}
    if len(found) != 1:
        raise ParseError(f"{'both yes and no' if found else 'neither yes nor no'}: found {shown(text)}")
    return found.pop()


def parse_choice(text: str, expected: Expected) -> str:
    """Return which one of the choices the answer names, whatever the case; several or none is refused.

    A choice inside a longer choice that is named too does not count: "soluble" in "insoluble" is no word of its own.
    """
    plain = " ".join(text.lower().split())
    found = [one for one in expected.choices if _names(plain, one.lower())]
    longest = [one for one in found if not any(one != other and one.lower() in other.lower() for other in found)]
    if len(longest) != 1:
        what = "several choices" if longest else "none of the choices"
        raise ParseError(f"{what} ({', '.join(expected.choices)}): found {shown(text)}")
    return longest[0]


def _names(text: str, choice: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(choice)}(?!\w)", text) is not None


def parse_entity(text: str, expected: Expected) -> Entity:
    """Return the entity that an answer spells in the expected modality, with or without its control pair."""
    if expected.modality is None:
        raise ConfigurationError("an entity is read in a modality, and none is given")
    written = modality(expected.modality)
    bare = text.strip().removeprefix(written.start_token).removesuffix(written.end_token)
    if not bare.strip():
        raise ParseError(f"no {expected.modality}: an empty answer")
    return written.decode(written.split(bare.strip()))


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
        What was answered.
    expected : Expected
        The unit, choices or modality.

    Raises
    ------
    ParseError, DecodeError, LimitError
        The answer states no such value, spells no entity, or is too long.
    """
    if parser not in PARSERS:
        raise ConfigurationError(f"no parser {parser!r}; known: {', '.join(PARSERS)}")
    if len(text) > LONGEST_ANSWER:
        raise LimitError(f"an answer of {len(text):,} characters: at most {LONGEST_ANSWER:,} are read")
    return PARSERS[parser](text, expected)


def shown(text: str) -> str:
    """Return the beginning of a text for a message."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
