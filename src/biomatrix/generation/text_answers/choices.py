"""One of some strings; yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.generation.text_answers.language import Words
from biomatrix.generation.text_answers.text_constraint import TextConstraint

_SHOWN = 8


@dataclass(frozen=True)
class Choices(TextConstraint):
    """The answer is one of some strings, letter for letter.

    Parameters
    ----------
    options : tuple of str
        At least one; none empty or with white space around it.
    """

    name: ClassVar[str] = "choices"
    help: ClassVar[str] = "the answer is one of these words, with | between them"
    example: ClassVar[str] = "toxic|harmless"
    options: tuple[str, ...]

    def __init__(self, options: Sequence[str]) -> None:
        if isinstance(options, str) or not all(isinstance(option, str) for option in options):
            raise ConfigurationError("choices are a list of strings")
        if not options or not all(option and option == option.strip() for option in options):
            raise ConfigurationError("choices are words, none empty or with white space around it")
        object.__setattr__(self, "options", tuple(dict.fromkeys(options)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the choices that stand in a text with | between them."""
        return cls([option.strip() for option in text.split("|")])

    def language(self) -> Words:
        """Return the options."""
        return Words(self.options)

    def value(self, text: str) -> str:
        """Return the option."""
        if text not in self.options:
            more = ", ..." if len(self.options) > _SHOWN else ""
            raise ParseError(f"the answer is none of {', '.join(self.options[:_SHOWN])}{more}: {text[:80]!r}")
        return text


@dataclass(frozen=True)
class YesNo(TextConstraint):
    """The answer is Yes or No."""

    name: ClassVar[str] = "yes-no"
    help: ClassVar[str] = "the answer is Yes or No; takes no value"
    example: ClassVar[str] = ""

    def language(self) -> Words:
        """Return the two words."""
        return Words(("Yes", "No"))

    def value(self, text: str) -> bool:
        """Return True for yes."""
        if text not in ("Yes", "No"):
            raise ParseError(f"the answer is neither Yes nor No: {text[:80]!r}")
        return text == "Yes"
