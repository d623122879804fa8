"""What a user may ask of an answer beyond its modality: counts, fragments, residues that stay.

A constraint works twice. It narrows the automaton, so that what it forbids is never written as far as an automaton can
know; and it looks at the finished entity, so that what only chemistry can tell is found, the draft thrown away and
counted, and another one written.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from biomatrix.entities.automaton import Automaton

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds


class Constraint(ABC):
    """One wish about an answer. Immutable; the same object may serve many requests."""

    kind: ClassVar[str | None] = None
    """The kind of entity that it speaks of, by name; None for any. Asked of an output of another kind it is refused."""
    name: ClassVar[str]
    """What the command line calls it, as in ``--constraint NAME=VALUE``."""
    help: ClassVar[str]
    """One line: what it asks, and the form of its value."""
    example: ClassVar[str]
    """A value."""
    kept: ClassVar[str] = ""
    """Where it guides what is written, and where it only judges the finished entity, in words; "" where it guides
    every output that takes it."""

    reads_files: ClassVar[bool] = False
    """Whether its value names a file, which is opened when it is parsed: a server refuses it."""

    @property
    def subject(self) -> Entity | None:
        """The entity that every answer is about, whose labels it takes where its tokens carry none; None for any."""
        return None

    @classmethod
    @abstractmethod
    def parse(cls, text: str) -> Self:
        """Return the constraint that a person typed. Raises ParseError with the position at fault."""

    def beside(self, others: Sequence[object]) -> Self:
        """Return the constraint as it is in one request with others: itself, unless one of them changes what it asks.

        Parameters
        ----------
        others : sequence
            All that the request asks, this constraint among it.
        """
        return self

    @property
    def fewest(self) -> int:
        """The fewest residues, atoms or symbols of an answer that keeps it, as far as that is certain."""
        return 0

    def contradiction(self, other: Constraint) -> str | None:
        """Return why no entity keeps both this constraint and another, in words; None where that is not certain.

        Asked of every two constraints of a request, either way round, before anything is written.
        """
        return None

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Return an automaton that allows no more, and as little as can be known, of what breaks the constraint.

        By default the automaton as it is: the constraint is then kept by :meth:`fault` alone.

        Parameters
        ----------
        automaton : Automaton
            Of the output, perhaps narrowed already.
        modality : Modality
            The output.
        ids : SegmentIds
            The modality's ids.

        Raises
        ------
        ConfigurationError
            The modality cannot keep it, such as a count of atoms asked of a protein, or nothing satisfies it.
        """
        return automaton

    def fault(self, entity: Entity) -> str | None:
        """Return how a finished entity breaks the constraint, in words; None where it keeps it."""
        return None
