"""Motifs that stand nowhere, on either strand, and what stands before and behind, across whose borders they count too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from biomatrix.entities.nucleic.bases import as_dna
from biomatrix.entities.nucleic.constraints.motif_automaton import BASES, MotifAutomaton
from biomatrix.entities.nucleic.constraints.nucleic_constraint import NucleicConstraint
from biomatrix.entities.nucleic.motifs import Motif, parse_motifs
from biomatrix.errors import ConfigurationError, LimitError, ParseError

if TYPE_CHECKING:
    from biomatrix.entities.nucleic.entity import NucleicAcid


@dataclass(frozen=True)
class Flanks(NucleicConstraint):
    """What stands before and behind the sequence, in a vector for instance: certain letters.

    Parameters
    ----------
    left, right : str
    """

    name: ClassVar[str] = "flanks"
    help: ClassVar[str] = "the bases that stand before and behind it, LEFT..RIGHT; motifs to avoid count across them"
    example: ClassVar[str] = "GCCACC..GCGGCC"

    left: str = ""
    right: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``GCCACC..GCGGCC``; either side may be empty."""
        left, dots, right = text.strip().partition("..")
        if not dots:
            raise ParseError(f"{text!r} is not LEFT..RIGHT, such as GCCACC..GCGGCC", position=0)
        for side, offset in ((left, 0), (right, len(left) + 2)):
            strange = next((place for place, letter in enumerate(as_dna(side.upper())) if letter not in BASES), None)
            if strange is not None:
                raise ParseError(f"{side[strange]!r} is none of A, C, G, T, U", position=offset + strange)
        return cls(as_dna(left.upper()), as_dna(right.upper()))

    @property
    def changes(self) -> Mapping[str, object]:
        """The flanks."""
        return {side: letters for side, letters in (("left", self.left), ("right", self.right)) if letters}

    def fault_of(self, entity: NucleicAcid) -> str | None:
        """Return None: nothing in the sequence itself breaks them."""
        return None


@dataclass(frozen=True)
class Avoid(NucleicConstraint):
    """Motifs that stand nowhere.

    Parameters
    ----------
    motifs : tuple of Motif
    left, right : str
        What stands before and behind.
    """

    name: ClassVar[str] = "avoid"
    help: ClassVar[str] = (
        "motifs that stand nowhere, with ;: enzymes and IUPAC letters on both strands, +AATAAA as read, runs>5, A>7"
    )
    example: ClassVar[str] = "EcoRI;BsaI;GGNCC;+AATAAA;runs>5"
    kept: ClassVar[str] = "as written, in dna_sequence, rna_sequence and mrna_codons"

    motifs: tuple[Motif, ...]
    left: str = ""
    right: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``EcoRI;GGNCC;+AATAAA;runs>5``."""
        motifs = parse_motifs(text)
        try:
            MotifAutomaton.of(motifs)
        except LimitError as error:
            raise ParseError(error.message, position=0) from None
        return cls(motifs)

    def __post_init__(self) -> None:
        """Refuse an empty list."""
        if not self.motifs:
            raise ConfigurationError("motifs to avoid are at least one")

    def beside(self, others: Sequence[object]) -> Self:
        """Return it with what stands before and behind."""
        flanks = next((other for other in others if isinstance(other, Flanks)), None)
        return self if flanks is None else replace(self, left=flanks.left, right=flanks.right)

    @property
    def changes(self) -> Mapping[str, object]:
        """The motifs."""
        return {"motifs": self.motifs}

    def fault_of(self, entity: NucleicAcid) -> str | None:
        """Return the first motif that stands somewhere, by Python's own regular expressions."""
        letters = self.left + as_dna(entity.sequence) + self.right
        for motif in self.motifs:
            place = motif.found(letters)
            if place is not None:
                return f"{motif.name} ({motif.pattern}) stands at base {place + 1 - len(self.left)}"
        return None
