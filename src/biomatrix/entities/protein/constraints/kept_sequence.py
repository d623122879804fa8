"""A sequence that stays as it is, so that a structure is sampled for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.constraints.positional import PositionalAutomaton, Wish
from biomatrix.entities.protein.constraints.letters import sequence_automaton
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.modalities.sequence import ProteinSequence
from biomatrix.entities.protein.modalities.structure import UNRESOLVED, ProteinStructure
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds


@dataclass(frozen=True, eq=False)
class KeptSequence(Constraint):
    """All residues of a chain.

    A sequence is forced letter by letter. A structure gets the length, and codes exactly where the chain is resolved:
    everywhere for a chain without coordinates.

    Parameters
    ----------
    protein : Protein
    """

    kind: ClassVar[str | None] = "protein"
    name: ClassVar[str] = "sequence"
    help: ClassVar[str] = "the whole sequence kept, so that a structure is sampled for it"
    example: ClassVar[str] = "MKTAYIAKQR"

    protein: Protein

    @property
    def subject(self) -> Protein:
        """The chain: a structure sampled for it carries its residue names."""
        return self.protein

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one-letter codes."""
        return cls(Protein.from_sequence(text))

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Force the letters, or the length and which residues are resolved."""
        length = len(self.protein)
        if isinstance(modality, ProteinSequence):
            positional, letters = sequence_automaton(self.name, automaton, modality, ids)
            of_letter = {letter: positional.inside[letters == letter] for letter in set(self.protein.sequence)}
            places = {place: of_letter[letter] for place, letter in enumerate(self.protein.sequence)}
        elif isinstance(modality, ProteinStructure):
            positional = PositionalAutomaton.over(automaton, modality, ids)
            unresolved = positional.inside == ids.tokens.get(UNRESOLVED, -1)
            sets = positional.inside[unresolved], positional.inside[~unresolved]
            places = {place: sets[int(resolved)] for place, resolved in enumerate(self._resolved().tolist())}
        else:
            raise ConfigurationError(f"{self.name} keeps a chain of residues, which {modality.name} does not write")
        return positional.keeping(Wish(self.name, places, (length, length)))

    def fault(self, entity: Entity) -> str | None:
        """Return whether the length, a letter that the answer knows, or what is resolved is another."""
        if not isinstance(entity, Protein):
            return f"{self.name} asks for a protein"
        if len(entity) != len(self.protein):
            return f"the chain has {len(entity)} residues, not {len(self.protein)}"
        for place, (found, asked) in enumerate(zip(entity.sequence, self.protein.sequence, strict=True), start=1):
            if found != asked and not (found == "X" and entity.has_structure):
                return f"position {place} holds {found}, not {asked}"
        if entity.has_structure and not np.array_equal(entity.resolved, self._resolved()):
            place = int(np.flatnonzero(entity.resolved != self._resolved())[0]) + 1
            return f"residue {place} is {'' if entity.resolved[place - 1] else 'not '}resolved"
        return None

    def _resolved(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        if self.protein.has_structure and self.protein.resolved.any():
            return np.asarray(self.protein.resolved)
        return np.ones(len(self.protein), dtype=bool)
