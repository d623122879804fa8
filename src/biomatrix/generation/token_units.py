"""Which residue or atom each token of a sequence writes, and of which entity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from biomatrix.entities.base_entity import Entity

if TYPE_CHECKING:
    from biomatrix.vocabulary.segments import Segment
    from biomatrix.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class TokenMeaning:
    """What one token of a sequence stands for.

    Parameters
    ----------
    modality : str or None
        The modality of its segment, of a composite that of the part; None for text.
    entity : Entity or None
        What that segment spells; None for text, and where it spells nothing.
    units : tuple of int
        The residues or atoms of that entity that it writes, counted from 0; empty for control tokens and text.
    """

    modality: str | None = None
    entity: Entity | None = None
    units: tuple[int, ...] = ()


def segment_units(vocabulary: Vocabulary, ids: Sequence[int], segment: Segment) -> list[tuple[int, ...]]:
    """Return the residues or atoms that each token between the control pair of a segment writes.

    Parameters
    ----------
    vocabulary : Vocabulary
    ids : sequence of int
        The whole sequence in which the segment stands.
    segment : Segment
        Of an entity; of a composite its parts are asked about instead.
    """
    modality = vocabulary.modality(str(segment.modality))
    inside = ids[segment.start + 1 : segment.stop - 1]
    tokens = [vocabulary.text([id_]) for id_ in inside] if modality.spelled_as_text else list(segment.tokens)
    return modality.units(tokens)


def token_meanings(vocabulary: Vocabulary, ids: Sequence[int], segments: Sequence[Segment]) -> list[TokenMeaning]:
    """Return what each id of a sequence stands for.

    Parameters
    ----------
    vocabulary : Vocabulary
    ids : sequence of int
    segments : sequence of Segment
        Of these ids, as :meth:`Vocabulary.segments` gives them.
    """
    found = [TokenMeaning() for _ in ids]
    for segment in _with_parts(segments):
        if segment.modality is None:
            continue
        entity = segment.value if isinstance(segment.value, Entity) else None
        for place in range(segment.start, min(segment.stop, len(found))):
            found[place] = TokenMeaning(segment.modality, entity)
        if entity is None or segment.parts:
            continue
        units = segment_units(vocabulary, ids, segment)
        if len(units) == segment.stop - segment.start - 2:
            for offset, written in enumerate(units, start=segment.start + 1):
                found[offset] = TokenMeaning(segment.modality, entity, written)
    return found


def _with_parts(segments: Sequence[Segment]) -> Iterator[Segment]:
    """Yield segments in order, the parts of a composite after it."""
    for segment in segments:
        yield segment
        yield from _with_parts(segment.parts)
