"""What a linker is: texts in, for each the places where it names an entity, and why others were not linked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from biomatrix.entities.base_entity import Entity
from biomatrix.errors import BioMatrixError


@dataclass(frozen=True)
class Text:
    """A text to be linked.

    Parameters
    ----------
    id : str
        The name of the text in its source, by which annotations find it.
    text : str
    """

    id: str
    text: str


@dataclass(frozen=True)
class Mention:
    """A place where a text names an entity.

    Parameters
    ----------
    start, end : int
        Its characters, the last one excluded.
    kind : str
        The entity's kind.
    key : str
        Equal for mentions of the same entity: kind and identity.
    entity : Entity
    """

    start: int
    end: int
    kind: str
    key: str
    entity: Entity


@dataclass(frozen=True)
class Linking:
    """What a linker found in one text.

    Parameters
    ----------
    mentions : tuple of Mention
        In order; none overlaps another.
    unlinked : Counter of str
        The number of mentions that were found and not linked, by reason.
    """

    mentions: tuple[Mention, ...] = ()
    unlinked: Counter[str] = field(default_factory=Counter)


class Linker(ABC):
    """Finds the entities that texts name."""

    @abstractmethod
    def link(self, texts: Sequence[Text]) -> list[Linking | BioMatrixError]:
        """Return for each text, in order, what was found in it, or the error that refused it."""


def apart(mentions: Iterable[Mention], unlinked: Counter[str]) -> tuple[Mention, ...]:
    """Return mentions in order without those that overlap a longer one, or an earlier one as long; they are counted."""
    taken: list[Mention] = []
    for one in sorted(mentions, key=lambda mention: (mention.start - mention.end, mention.start)):
        place = bisect_left(taken, one.start, key=lambda mention: mention.start)
        neighbours = taken[max(0, place - 1) : place + 1]
        if any(one.start < other.end and other.start < one.end for other in neighbours):
            unlinked["inside or across another mention"] += 1
        else:
            taken.insert(place, one)
    return tuple(taken)
