"""Bases kept, left open or excluded at positions, as IUPAC letters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

from biomatrix.entities.constraint_text import whole_number
from biomatrix.entities.nucleic.bases import READINGS, as_dna, readings
from biomatrix.entities.nucleic.constraints.nucleic_constraint import NucleicConstraint, around_coding
from biomatrix.errors import ConfigurationError, ParseError

if TYPE_CHECKING:
    from biomatrix.entities.nucleic.entity import NucleicAcid

_ITEM: Final = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?:\s*([A-Za-z]+)\s*", re.ASCII)


@dataclass(frozen=True)
class Bases(NucleicConstraint):
    """Bases at positions.

    Parameters
    ----------
    letters : tuple of (int, str)
        Positions from 1, each with an IUPAC letter of DNA; of a transcript they count from the start of its coding
        sequence.
    """

    name: ClassVar[str] = "bases"
    help: ClassVar[str] = "bases at positions from 1, IUPAC letters, POSITION:LETTERS;...; of mrna_codons in the CDS"
    example: ClassVar[str] = "1:GCC;10-12:NRY"

    letters: tuple[tuple[int, str], ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``1:GCC;10-12:NRY``; B is any base but A, and so on."""
        letters: dict[int, str] = {}
        offset = 0
        for item in text.split(";"):
            found = _ITEM.fullmatch(item)
            if found is None:
                raise ParseError(f"{item!r} is not POSITION:LETTERS, such as 10:GCC or 10-12:NRY", position=offset)
            first, named = whole_number(found[1], offset), as_dna(found[3].upper())
            if first < 1:
                raise ParseError("positions are counted from 1", position=offset)
            if found[2] is not None and whole_number(found[2], offset) - first + 1 != len(named):
                raise ParseError(f"{item!r} names {len(named)} bases for another number", position=offset)
            for place, letter in enumerate(named, start=first):
                if letter not in READINGS:
                    raise ParseError(f"{letter!r} is no IUPAC letter of a base", position=offset)
                if letters.get(place, letter) != letter:
                    raise ParseError(f"position {place} is named twice, {letters[place]} and {letter}", position=offset)
                letters[place] = letter
            offset += len(item) + 1
        return cls(tuple(sorted(letters.items())))

    def __post_init__(self) -> None:
        """Refuse what :meth:`parse` would."""
        if not self.letters or not all(place >= 1 and letter in READINGS for place, letter in self.letters):
            raise ConfigurationError("bases are (position from 1, IUPAC letter of DNA), such as ((4, 'R'),)")

    @property
    def fewest(self) -> int:
        """The last position."""
        return self.letters[-1][0]

    @property
    def changes(self) -> Mapping[str, object]:
        """The letters, counted from 0."""
        return {"places": tuple((place - 1, letter) for place, letter in self.letters)}

    def fault_of(self, entity: NucleicAcid) -> str | None:
        """Return the first position that holds another base, or none."""
        _, inside, _ = around_coding(entity)
        for place, letter in self.letters:
            found = inside[place - 1 : place]
            if not found or not set(readings(found)) <= set(READINGS[letter]):
                return f"position {place} holds {found or 'nothing'}, not {letter}"
        return None
