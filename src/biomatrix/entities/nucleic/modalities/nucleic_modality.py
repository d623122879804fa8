"""What the modalities of nucleic acids share: what they take, and what they say that a reader would take otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality, checked_tokens
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.errors import DecodeError, UnsupportedError

USUAL_STRANDS: Final[Mapping[str, int]] = {"dna": 2, "rna": 1}
"""The strands that a decoded nucleic acid of each kind has."""
LOST_WITH_LETTERS: Final[tuple[str, ...]] = (
    "whether the sequence is circular, and how many strands there are",
    "soft masking",
    "modified bases (a reader maps them to their parent's letter and notes it)",
    "coordinates, and other chains",
    "the chain's identifier, residue numbers and insertion codes",
    "name and notes",
)
"""What no modality of letters carries."""


class NucleicModality(Modality):
    """A way of writing one nucleic acid; lengths are counted in bases."""

    file_format: ClassVar[str] = "fasta"
    counts: ClassVar[str | None] = "base"
    carried_features: ClassVar[int] = 0
    """How many features of an entity that it takes are written."""

    def taken(self, entity: Entity) -> NucleicAcid:
        """Return the entity as a checked nucleic acid of this kind that has bases. Raises UnsupportedError."""
        if not isinstance(entity, NucleicAcid):
            raise UnsupportedError(f"{self.name} writes a NucleicAcid, not a {type(entity).__name__}")
        if entity.kind != self.kind:
            change = "transcribe()" if self.kind == "rna" else "back_transcribe()"
            raise UnsupportedError(
                f"{self.name} writes {self.kind.upper()}, not {entity.kind.upper()}; {change} changes one to the other",
                record=entity.name or None,
            )
        entity = entity.checked()
        if not entity.sequence:
            raise UnsupportedError("the sequence has no bases", record=entity.name or None)
        return entity

    def losses(self, entity: Entity) -> tuple[str, ...]:
        """Return what these tokens lose of this entity: features, a circle, strands, soft masking, modified bases."""
        if not isinstance(entity, NucleicAcid):
            return ()
        said = []
        if (lost := len(entity.features) - self.carried_features) > 0:
            said.append(f"{lost:,} {'feature is' if lost == 1 else 'features are'} not written")
        if entity.circular:
            said.append("the sequence is circular and is written as if it were linear, from its first base")
        if entity.strands != USUAL_STRANDS[self.kind]:
            said.append(f"that it has {_strands(entity.strands)} is not written, so it reads as the usual one")
        if masked := sum(stop - start for start, stop in entity.soft_masked):
            said.append(f"soft masking of {masked:,} of {len(entity):,} bases is not written")
        if entity.modified:
            said.append(f"{len(entity.modified):,} modified bases are written as the letters of their parents")
        return tuple(said)


def letters_of(tokens: Sequence[str], letters: Mapping[str, str], what: str) -> list[str]:
    """Return the letters that each token spells. Raises DecodeError with the index of the first that spells none."""
    listed = checked_tokens(tokens)
    if not listed:
        raise DecodeError(f"no tokens of {what} between the control tokens", position=0)
    try:
        return list(map(letters.__getitem__, listed))
    except KeyError:
        index = next(place for place, token in enumerate(listed) if token not in letters)
        raise DecodeError(f"not a token of {what}: {listed[index]!r}", position=index) from None


def _strands(count: int) -> str:
    return "a single strand" if count == 1 else "two strands"
