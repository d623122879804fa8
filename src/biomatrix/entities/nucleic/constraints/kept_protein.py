"""A protein that stays as it is, so that its coding sequence is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final, Self

from biomatrix.entities.constraint_text import whole_number
from biomatrix.entities.nucleic.bases import as_dna
from biomatrix.entities.nucleic.constraints.design import Coding
from biomatrix.entities.nucleic.constraints.designed_sequence import DesignedSequence
from biomatrix.entities.nucleic.constraints.nucleic_constraint import NucleicConstraint, around_coding
from biomatrix.entities.nucleic.constraints.untranslated import Utr5
from biomatrix.entities.nucleic.genetic_code import RECODED, STOP, UNKNOWN, genetic_code
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, UnsupportedError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.nucleic.entity import NucleicAcid
    from biomatrix.entities.segment_ids import SegmentIds

_RULES: Final = "table=11, start=any, stop=TAA or stop=TAA,TGA, recode"


@dataclass(frozen=True)
class Translates(NucleicConstraint):
    """A coding sequence that translates to a protein exactly.

    Parameters
    ----------
    coding : Coding
    offset : int
        Where it begins in a sequence whose coding part is not annotated.
    """

    name: ClassVar[str] = "translates"
    help: ClassVar[str] = f"the protein that is coded for, * a stop, X any residue; behind it, with ;, {_RULES}"
    example: ClassVar[str] = "MKTAYIAKQR*;table=1"
    kept: ClassVar[str] = "as written, in dna_sequence, rna_sequence and mrna_codons"

    coding: Coding
    offset: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``MKTAYIAKQR*;table=11;start=any;stop=TAA``."""
        protein, *rules = text.split(";")
        coding = Coding("".join(protein.split()).upper())
        offset = len(protein) + 1
        for item in rules:
            try:
                coding = _ruled(coding, item.strip())
            except ParseError as error:
                raise ParseError(error.message, position=offset) from None
            offset += len(item) + 1
        try:
            return cls(coding)
        except ConfigurationError as error:
            raise ParseError(error.message, position=error.position) from None

    def __post_init__(self) -> None:
        """Refuse what no codons of the table spell."""
        protein = self.coding.protein
        if not protein or STOP in protein[:-1]:
            place = protein.index(STOP) + 1 if protein else 1
            raise ConfigurationError(
                "a protein is one-letter codes, with * at most behind the last; "
                + (f"residue {place} is a stop" if protein else "none is given"),
                position=place,
            )
        try:
            self.coding.region()
        except UnsupportedError as error:
            raise ConfigurationError(error.message, position=error.position) from None

    def beside(self, others: Sequence[object]) -> Self:
        """Return it with the place where it begins behind a 5' UTR of an exact length."""
        before = next((other.part for other in others if isinstance(other, Utr5)), None)
        return self if before is None else replace(self, offset=before.most)

    @property
    def changes(self) -> Mapping[str, object]:
        """The protein."""
        return {"coding": self.coding}

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        """Write codons of each residue; a transcript's coding part ends with a stop."""
        design = DesignedSequence.over(self.name, automaton, modality, ids)
        if design.codon_cost == 1 and not self.coding.protein.endswith(STOP):
            return design.keeping({"coding": replace(self.coding, protein=self.coding.protein + STOP)})
        return design.keeping(self.changes)

    def fault_of(self, entity: NucleicAcid) -> str | None:
        """Return the first residue that is another one, read by the table."""
        before, inside, _ = around_coding(entity)
        asked = self.coding.protein
        if not before and len(inside) == len(entity):
            inside = inside[self.offset : self.offset + 3 * len(asked)]
        recoded = (
            {place: letter for place, letter in enumerate(asked) if letter in RECODED} if self.coding.recode else {}
        )
        try:
            read = genetic_code(self.coding.table).translate(inside, start_as_m=self.coding.any_start, recoded=recoded)
        except BioMatrixError as error:
            return error.message
        if len(inside) % 3 or read not in (read[: len(asked)], read[: len(asked)] + STOP):
            return f"{len(inside)} bases are read as {len(read)} residues, not {len(asked)}"
        for place, letter in enumerate(asked):
            if read[place : place + 1] not in ([letter] if letter != UNKNOWN else set(read) - {STOP}):
                return f"residue {place + 1} is {read[place : place + 1] or 'missing'}, not {letter}"
        last = inside[3 * len(asked) - 3 : 3 * len(asked)]
        if self.coding.stops and asked.endswith(STOP) and last not in self.coding.stops:
            return f"the stop is {last}, not {' or '.join(self.coding.stops)}"
        return None


def _ruled(coding: Coding, rule: str) -> Coding:
    """Return a protein under one more rule, as it is typed."""
    word, _, value = rule.partition("=")
    word, value = word.strip().lower(), value.strip().upper()
    if word == "table" and value.isascii() and value.isdecimal():
        table = whole_number(value)
        try:
            genetic_code(table)
        except UnsupportedError as error:
            raise ParseError(error.message) from None
        return replace(coding, table=table)
    if word == "start" and value in ("ANY", "M"):
        return replace(coding, any_start=value == "ANY")
    if word == "stop" and value:
        stops = tuple(as_dna(stop.strip()) for stop in value.split(","))
        strange = next((stop for stop in stops if stop not in genetic_code(coding.table).stops), None)
        if strange is not None:
            raise ParseError(f"{strange} is no stop of genetic code {coding.table}; give the table before the stop")
        return replace(coding, stops=stops)
    if word == "recode" and not value:
        return replace(coding, recode=True)
    raise ParseError(f"{rule!r} is no rule of a coding sequence; those are {_RULES}")
