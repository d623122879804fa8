"""A pairing that the sequence is written for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from biomatrix.entities.nucleic.constraints.designed_sequence import DesignedSequence
from biomatrix.entities.nucleic.constraints.folded_sequence import FoldedSequence
from biomatrix.entities.nucleic.constraints.nucleic_constraint import NucleicConstraint
from biomatrix.entities.nucleic.pairing import may_pair
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.metrics.nucleic.dot_bracket import pairs_of

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.nucleic.entity import NucleicAcid
    from biomatrix.entities.segment_ids import SegmentIds


@dataclass(frozen=True)
class Folds(NucleicConstraint):
    """Bases at paired places that can pair: G with C, A with U, G with U.

    Parameters
    ----------
    pairs : tuple of (int, int)
        Counted from 0, the smaller index first.
    length : int
        The bases of the whole.
    """

    name: ClassVar[str] = "folds"
    help: ClassVar[str] = "the pairing in dot-bracket, whose bases can pair; [], {}, <> and Aa for pseudoknots"
    example: ClassVar[str] = "((((....))))"
    kept: ClassVar[str] = (
        "as written, in rna_sequence and dna_sequence; pseudoknots beside motifs or a protein are judged"
    )

    pairs: tuple[tuple[int, int], ...]
    length: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read dot-bracket."""
        written = "".join(text.split())
        if not written:
            raise ParseError("no dot-bracket is given", position=0)
        return cls(pairs_of(written), len(written))

    def __post_init__(self) -> None:
        """Refuse pairs that are none."""
        places = [place for pair in self.pairs for place in pair]
        if len(set(places)) < len(places) or not all(0 <= one < other < self.length for one, other in self.pairs):
            raise ConfigurationError("pairs are (place, place) from 0, the smaller first, no base in two of them")

    @property
    def fewest(self) -> int:
        """Its bases."""
        return self.length

    @property
    def changes(self) -> Mapping[str, object]:
        """The pairs."""
        return {"pairs": self.pairs, "paired_length": self.length}

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Follow the pairs while the sequence is written."""
        design = DesignedSequence.over(self.name, automaton, modality, ids)
        return FoldedSequence.of(design).keeping(self.changes)

    def fault_of(self, entity: NucleicAcid) -> str | None:
        """Return the length, or the first two bases that do not pair."""
        letters = entity.sequence.replace("T", "U")
        if len(letters) != self.length:
            return f"there are {len(letters)} bases, not {self.length}"
        for first, second in self.pairs:
            if not may_pair(letters[first], letters[second]):
                found = f"{letters[first]} and {letters[second]}"
                return f"bases {first + 1} and {second + 1} are {found}, which do not pair"
        return None
