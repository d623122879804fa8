"""A structure, or a stretch of one, that stays as it is."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

import numpy as np

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.constraint_text import whole_number
from biomatrix.entities.constraints.positional import PositionalAutomaton, Wish
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.modalities.sequence import ProteinSequence
from biomatrix.entities.protein.modalities.structure import ProteinStructure
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds

_NUMBERS: Final = ("first", "last", "at")
_STRETCH: Final = re.compile(r"(?P<file>.+?):(?P<first>\d+)-(?P<last>\d+)(?:@(?P<at>\d+))?", re.ASCII)


@dataclass(frozen=True, eq=False)
class KeptStructure(Constraint):
    """The backbone of a chain, or of some of its residues.

    Codes of a structure are forced; all the rest is free. Where the whole chain is kept, so is its length: that is
    all it asks of a sequence.

    Parameters
    ----------
    protein : Protein
        With coordinates.
    first, last : int, optional
        The residues kept, counted from 1 along the chain; all of them when not given.
    at : int, optional
        The position of the first of them in the answer; the same as in the chain when not given.
    """

    kind: ClassVar[str | None] = "protein"
    name: ClassVar[str] = "structure"
    help: ClassVar[str] = "a file's backbone kept, FILE, or some of its residues, FILE:FIRST-LAST or FILE:FIRST-LAST@AT"
    example: ClassVar[str] = "motif.pdb:10-25@40"
    reads_files: ClassVar[bool] = True

    protein: Protein
    first: int | None = None
    last: int | None = None
    at: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the only chain of a file, and which of its residues stand where."""
        found = None if os.path.exists(text) else _STRETCH.fullmatch(text)
        path = text if found is None else found["file"]
        try:
            protein = Protein.from_file(path)
            if found is None:
                return cls(protein)
            return cls(
                protein, *(whole_number(found[name], found.start(name)) if found[name] else None for name in _NUMBERS)
            )
        except ConfigurationError as error:
            raise ParseError(error.message, position=len(path)) from None

    def __post_init__(self) -> None:
        """Refuse a chain without coordinates, and residues that it has not."""
        if not self.protein.has_structure or not self.protein.resolved.any():
            raise ConfigurationError(f"{self.name} keeps a backbone, and the chain has none")
        if (self.first is None) != (self.last is None) or (self.at is not None and self.first is None):
            raise ConfigurationError(f"{self.name} keeps a whole chain, or residues from a first to a last")
        first, last = self.span
        if not 1 <= first <= last <= len(self.protein) or (self.at is not None and self.at < 1):
            raise ConfigurationError(
                f"the chain has residues 1 to {len(self.protein)}, not {first} to {last}; they are counted along it"
            )

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last residue kept, from 1 along the chain."""
        return 1 if self.first is None else self.first, len(self.protein) if self.last is None else self.last

    @property
    def whole(self) -> bool:
        """Whether all of the chain is kept."""
        return self.first is None

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Force the codes of a structure; keep the length where the whole chain is kept."""
        length = (len(self.protein), len(self.protein)) if self.whole else None
        if isinstance(modality, ProteinSequence):
            if not self.whole:
                raise ConfigurationError(f"{self.name} keeps codes at positions; {modality.name} writes none")
            return PositionalAutomaton.over(automaton, modality, ids).keeping(Wish(self.name, length=length))
        if not isinstance(modality, ProteinStructure):
            raise ConfigurationError(f"{self.name} keeps the backbone of a chain, which {modality.name} does not write")
        first, last = self.span
        tokens = self._tokens(modality)[first - 1 : last]
        strange = next((token for token in tokens if token not in ids.tokens), None)
        if strange is not None:
            raise ConfigurationError(f"the vocabulary lacks {strange}, so {self.name} cannot be kept")
        start = (first if self.at is None else self.at) - 1
        places = {start + offset: np.array([ids.tokens[token]]) for offset, token in enumerate(tokens)}
        return PositionalAutomaton.over(automaton, modality, ids).keeping(Wish(self.name, places, length))

    def _tokens(self, modality: ProteinStructure) -> list[str]:
        try:
            return modality.encode(self.protein)
        except BioMatrixError as error:
            raise ConfigurationError(f"{self.name}: {error.message}") from error

    def fault(self, entity: Entity) -> str | None:
        """Return whether the length is another, or residues kept are resolved here and not there."""
        if not isinstance(entity, Protein):
            return f"{self.name} asks for a protein"
        first, last = self.span
        start = (first if self.at is None else self.at) - 1
        if len(entity) < start + last - first + 1 or (self.whole and len(entity) != len(self.protein)):
            return f"the chain has {len(entity)} residues, too {'few' if len(entity) < last else 'many'}"
        if entity.has_structure:
            found = entity.resolved[start : start + last - first + 1]
            lost = np.flatnonzero(found != self.protein.resolved[first - 1 : last])
            if len(lost):
                return f"residue {start + int(lost[0]) + 1} is {'' if found[lost[0]] else 'not '}resolved"
        return None
