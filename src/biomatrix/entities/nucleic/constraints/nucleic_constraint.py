"""What the constraints of nucleic acids share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.nucleic.constraints.designed_sequence import DesignedSequence
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.features import coding_sequences

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.nucleic.features import Feature
    from biomatrix.entities.segment_ids import SegmentIds


class NucleicConstraint(Constraint):
    """A wish about a nucleic acid, DNA or RNA."""

    kind: ClassVar[str | None] = None
    """DNA and RNA are two kinds; an output of another one is refused by :meth:`narrow`."""

    @property
    @abstractmethod
    def changes(self) -> Mapping[str, object]:
        """What it adds to a :class:`~biomatrix.entities.nucleic.constraints.design.Design`."""

    @abstractmethod
    def fault_of(self, entity: NucleicAcid) -> str | None:
        """Return how a nucleic acid breaks it, in words; None where it keeps it."""

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Add the wish to the design."""
        return DesignedSequence.over(self.name, automaton, modality, ids).keeping(self.changes)

    def fault(self, entity: Entity) -> str | None:
        """Return how a finished entity breaks it, in words; None where it keeps it."""
        if not isinstance(entity, NucleicAcid):
            return f"{self.name} asks for a nucleic acid"
        return self.fault_of(entity)


def coding_part(entity: NucleicAcid) -> Feature | None:
    """Return the one coding sequence that is annotated; None where there is none, or several."""
    found = coding_sequences(entity.features)
    return found[0] if len(found) == 1 else None


def around_coding(entity: NucleicAcid) -> tuple[str, str, str]:
    """Return the letters before, in and behind the coding sequence, as DNA; all of it is inside where none is known."""
    from biomatrix.entities.nucleic.bases import as_dna

    letters, feature = as_dna(entity.sequence), coding_part(entity)
    if feature is None:
        return "", letters, ""
    start, stop = feature.intervals[0].start, feature.intervals[-1].stop
    return letters[:start], letters[start:stop], letters[stop:]
