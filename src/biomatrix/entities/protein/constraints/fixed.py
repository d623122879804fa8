"""Residues or motifs that stay at their positions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

import numpy as np

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.constraint_text import whole_number
from biomatrix.entities.constraints.positional import Wish
from biomatrix.entities.protein.constraints.letters import LETTERS, sequence_automaton
from biomatrix.entities.protein.entity import Protein
from biomatrix.errors import ConfigurationError, ParseError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds

_ITEM: Final = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?:\s*((?:[A-Za-z]|\[[A-Za-z]+\])+)\s*", re.ASCII)
_RESIDUE: Final = re.compile(r"[A-Z]|\[[A-Z]+\]")


@dataclass(frozen=True)
class Fixed(Constraint):
    """Residues kept at positions.

    Parameters
    ----------
    residues : tuple of (int, str)
        Positions from 1, each with the letters of which one must stand there; ascending.
    """

    kind: ClassVar[str | None] = "protein"
    name: ClassVar[str] = "fixed"
    help: ClassVar[str] = "residues or motifs kept at positions from 1, POSITION:LETTERS;...; [AG] is either"
    example: ClassVar[str] = "10:GSGSG;25:C"

    residues: tuple[tuple[int, str], ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``10:GSGSG;25:C`` or ``1-5:MKTAY``, where ``[AG]`` is one residue of either kind."""
        residues: dict[int, str] = {}
        offset = 0
        for item in text.split(";"):
            found = _ITEM.fullmatch(item)
            if found is None:
                raise ParseError(f"{item!r} is not POSITION:LETTERS, such as 10:GSGSG or 1-5:MKTAY", position=offset)
            first, letters = whole_number(found[1], offset), _RESIDUE.findall(found[3].upper())
            if first < 1:
                raise ParseError("positions are counted from 1", position=offset)
            if found[2] is not None and whole_number(found[2], offset) - first + 1 != len(letters):
                raise ParseError(f"{item!r} names {len(letters)} residues for another number", position=offset)
            for place, options in enumerate(letters, start=first):
                allowed = "".join(dict.fromkeys(options.strip("[]")))
                strange = next((letter for letter in allowed if letter not in LETTERS), None)
                if strange is not None:
                    raise ParseError(f"{strange!r} is no residue letter", position=offset)
                if residues.get(place, allowed) != allowed:
                    raise ParseError(
                        f"position {place} is fixed twice, as {residues[place]} and {allowed}", position=offset
                    )
                residues[place] = allowed
            offset += len(item) + 1
        return cls(tuple(sorted(residues.items())))

    def __post_init__(self) -> None:
        """Refuse what :meth:`parse` would."""
        if not self.residues or not all(
            place >= 1 and set(options) <= set(LETTERS) for place, options in self.residues
        ):
            raise ConfigurationError("fixed residues are (position from 1, letters), such as ((25, 'C'),)")

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Force the tokens at the positions; the answer is at least long enough to hold them."""
        positional, letters = sequence_automaton(self.name, automaton, modality, ids)
        places = {place - 1: positional.inside[np.isin(letters, list(options))] for place, options in self.residues}
        return positional.keeping(Wish(self.name, places))

    def fault(self, entity: Entity) -> str | None:
        """Return the first position that holds another residue, or none."""
        if not isinstance(entity, Protein):
            return f"{self.name} asks for a protein"
        for place, options in self.residues:
            found = entity.sequence[place - 1 : place]
            if not found or found not in options:
                return f"position {place} holds {found or 'nothing'}, not {' or '.join(options)}"
        return None
