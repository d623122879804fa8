"""ViennaRNA as folding here uses it: its settings, the letters it reads, and how many."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any, Final

from biomatrix.errors import LimitError, ParseError
from biomatrix.metrics.nucleic.vienna import imported_vienna

CELSIUS: Final = 37.0
LONGEST: Final = 10_000
"""Bases of one sequence. Time grows with the third power: 2,000 bases take 2.4 s, their ensemble 20 s."""

_UNCERTAIN: Final = str.maketrans("TRYSWKMBDHVI", "UNNNNNNNNNNN")


def is_installed() -> bool:
    """Say whether ViennaRNA can be imported, without importing it."""
    return find_spec("RNA") is not None


@cache
def vienna() -> Any:
    """Return ViennaRNA's module ``RNA``.

    Raises
    ------
    ConfigurationError
        It is not installed.
    """
    return imported_vienna()


def letters_to_fold(sequence: str) -> str:
    """Return a sequence as ViennaRNA reads it: capitals, U for T, and N, which never pairs, for uncertain bases.

    Raises
    ------
    ParseError
        No letter, or one that is none of IUPAC's, with its index from 0 as ``position``.
    LimitError
        More than `LONGEST` letters.
    """
    letters = sequence.upper().translate(_UNCERTAIN)
    if not letters:
        raise ParseError("an empty sequence cannot be folded")
    if len(letters) > LONGEST:
        raise LimitError(
            f"{len(letters):,} bases are more than the {LONGEST:,} that are folded at once; fold windows of it",
            limit="bases to fold",
            actual=len(letters),
            allowed=LONGEST,
        )
    if letters.strip("ACGUN"):
        place = next(index for index, letter in enumerate(letters) if letter not in "ACGUN")
        raise ParseError(f"{sequence[place]!r} is no IUPAC letter of a base", position=place)
    return letters


def model(celsius: float = CELSIUS) -> Any:
    """Return ViennaRNA's settings: its defaults (Turner 2004, dangles on both sides) at a temperature."""
    settings = vienna().md()
    settings.temperature = celsius
    return settings
