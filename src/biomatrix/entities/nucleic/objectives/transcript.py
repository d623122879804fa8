"""A transcript and its parts, which objectives are measured on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from biomatrix.entities.nucleic.bases import as_rna, check_letters
from biomatrix.entities.nucleic.features import coding_sequences
from biomatrix.entities.nucleic.folding.ensembles import Ensemble, ensemble
from biomatrix.entities.nucleic.folding.structures import Folded, fold
from biomatrix.errors import ParseError, UnsupportedError

if TYPE_CHECKING:
    from biomatrix.entities.nucleic.entity import NucleicAcid


@dataclass(frozen=True)
class Transcript:
    """An RNA, with its coding part where it has one. What is folded of it is folded once.

    Parameters
    ----------
    sequence : str
        Letters of RNA in capitals; T is read as U.
    coding : (int, int), optional
        Half-open stretch of the coding sequence, from the first base of its start to the last of its stop.

    Raises
    ------
    ParseError
        A coding part that is empty, not within the sequence, or no whole number of codons.
    UnsupportedError
        A letter that is none of RNA's, with its index from 0 as ``position``.
    """

    sequence: str
    coding: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sequence", as_rna(self.sequence))
        check_letters(self.sequence, "rna")
        if self.coding is not None:
            start, stop = self.coding
            if not 0 <= start < stop <= len(self.sequence):
                raise ParseError(f"the coding part {start}:{stop} is not within {len(self.sequence)} bases")
            if (stop - start) % 3:
                raise ParseError(f"the coding part {start}:{stop} of {stop - start} bases is no whole number of codons")

    @classmethod
    def from_entity(cls, entity: NucleicAcid) -> Transcript:
        """Return the transcript of an RNA, or of a DNA read as its RNA, whose coding part is its one CDS feature.

        Raises
        ------
        UnsupportedError
            Several CDS features; one in several pieces, on the minus strand, or out of phase: cut the transcript out
            first.
        """
        found = coding_sequences(entity.features)
        if len(found) > 1:
            raise UnsupportedError(f"{len(found)} coding sequences; objectives are of a transcript with one")
        if not found:
            return cls(as_rna(entity.sequence))
        pieces = list(found[0].pieces())
        if len(pieces) > 1 or pieces[0][2] < 0 or found[0].phase:
            raise UnsupportedError(
                "the coding sequence is in pieces, on the minus strand or out of phase; cut the transcript out first"
            )
        return cls(as_rna(entity.sequence), (pieces[0][0], pieces[0][1]))

    @property
    def leader(self) -> str:
        """The 5' UTR; empty without a coding part."""
        return self.sequence[: self.coding[0]] if self.coding else ""

    @property
    def trailer(self) -> str:
        """The 3' UTR; empty without a coding part."""
        return self.sequence[self.coding[1] :] if self.coding else ""

    @property
    def codons(self) -> list[str]:
        """The codons, as RNA, the stop among them."""
        if self.coding is None:
            return []
        return [self.sequence[place : place + 3] for place in range(*self.coding, 3)]

    @cached_property
    def folded(self) -> Folded:
        """The structure of least free energy at 37 C."""
        return fold(self.sequence)

    @cached_property
    def ensemble(self) -> Ensemble:
        """The ensemble of all structures at 37 C."""
        return ensemble(self.sequence)

    @cached_property
    def start_window(self) -> Folded | None:
        """The fold of -4..+37 round the start codon by itself (Kudla 2009), None where the window is not whole."""
        if self.coding is None:
            return None
        low, high = self.coding[0] - 4, self.coding[0] + 37
        return fold(self.sequence[low:high]) if low >= 0 and high <= len(self.sequence) else None
