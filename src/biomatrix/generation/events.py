"""The events of a stream: what it reports of an answer while it is written.

For each sample, in order: text as :class:`TextPiece`; for a segment a :class:`SegmentOpened`, a :class:`SegmentToken`
per token between its control pair, and a :class:`SegmentClosed`; at the end one :class:`Finished`. Samples of one
request are written together, so their events alternate. A :class:`Refused` takes back everything said of its sample
before: another draft begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from biomatrix.generation.answers import Answer
from biomatrix.vocabulary.segments import Segment

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True)
class TextPiece:
    """A piece of text; the pieces between two segments join to the text between them."""

    text: str
    sample: int = 0


@dataclass(frozen=True)
class SegmentOpened:
    """A segment of a modality began."""

    modality: str
    sample: int = 0


@dataclass(frozen=True)
class SegmentToken:
    """One token inside the open segment, or a piece of a segment that is spelled as text, such as SMILES."""

    token: str
    sample: int = 0


@dataclass(frozen=True, eq=False)
class SegmentClosed:
    """The open segment ended: what it spells, and where it stands in the answer's ids."""

    segment: Segment
    sample: int = 0


@dataclass(frozen=True, eq=False)
class Finished:
    """The whole answer."""

    answer: Answer
    sample: int = 0


@dataclass(frozen=True)
class Refused:
    """The draft so far is refused: it spells no entity, or breaks a constraint; the next events are of another one."""

    reason: str
    sample: int = 0


Event: TypeAlias = TextPiece | SegmentOpened | SegmentToken | SegmentClosed | Refused | Finished


def text_of(event: Event, vocabulary: Vocabulary) -> str:
    """Return what an event adds to the text of its answer, control tokens among it."""
    if isinstance(event, TextPiece):
        return event.text
    if isinstance(event, SegmentToken):
        return event.token
    if isinstance(event, SegmentOpened):
        return vocabulary.block(event.modality).modality.start_token
    if isinstance(event, SegmentClosed) and event.segment.modality is not None:
        return vocabulary.block(event.segment.modality).modality.end_token
    return ""
