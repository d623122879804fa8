"""The parts of a transcript around its coding sequence: free under rules, or given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

from biomatrix.entities.constraint_text import whole_number
from biomatrix.entities.nucleic.bases import READINGS, as_dna
from biomatrix.entities.nucleic.constraints.design import KOZAK, Untranslated
from biomatrix.entities.nucleic.constraints.nucleic_constraint import NucleicConstraint, around_coding, coding_part
from biomatrix.entities.nucleic.motifs import POLY_A, Motif
from biomatrix.errors import ConfigurationError, ParseError

if TYPE_CHECKING:
    from biomatrix.entities.nucleic.entity import NucleicAcid

_LENGTHS: Final = re.compile(r"(\d+)(?:-(\d+))?", re.ASCII)
_SIGNAL: Final = re.compile(r"polya<=(\d+)", re.ASCII)
_MOST: Final = 20_000


@dataclass(frozen=True)
class Utr5(NucleicConstraint):
    """What stands before the coding sequence.

    Parameters
    ----------
    part : Untranslated
    """

    name: ClassVar[str] = "utr5"
    help: ClassVar[str] = "the 5' UTR: its letters, or a length; behind it, with ;, no-aug and kozak"
    example: ClassVar[str] = "20-60;no-aug;kozak"
    kept: ClassVar[str] = "as written, in mrna_codons; elsewhere with an exact length"

    part: Untranslated

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``20-60;no-aug;kozak`` or ``GGGAAAUAAGAG``."""
        what, *rules = text.split(";")
        least, most, letters = _extent(what.strip())
        words = [rule.strip().lower() for rule in rules]
        wrong = next((word for word in words if word not in ("no-aug", "kozak")), None)
        if wrong is not None:
            raise ParseError(f"{wrong!r} is no rule of a 5' UTR; those are no-aug and kozak", position=len(what) + 1)
        return cls(Untranslated(least, most, letters, no_start="no-aug" in words, kozak="kozak" in words))

    def __post_init__(self) -> None:
        """Refuse what is shorter than the bases before a start."""
        if self.part.kozak and self.part.most < len(KOZAK):
            raise ConfigurationError(f"a 5' UTR that ends with {KOZAK} has at least {len(KOZAK)} bases")

    @property
    def changes(self) -> Mapping[str, object]:
        """The part before."""
        return {"before": self.part}

    def fault_of(self, entity: NucleicAcid) -> str | None:
        """Return whether the length, a letter, an ATG or the bases before the start are others."""
        before, inside, _ = around_coding(entity)
        if coding_part(entity) is None:
            before, inside = inside[: self.part.most], inside[self.part.most :]
        fault = _extent_fault(self.part, before)
        start = (before + inside[:2]).find("ATG")
        if fault is None and self.part.no_start and start >= 0:
            return f"an AUG stands at base {start + 1} of the 5' UTR"
        if fault is None and self.part.kozak and Motif(KOZAK, "").found(before[-len(KOZAK) :]) is None:
            return f"the 5' UTR ends with {before[-len(KOZAK) :]}, not {KOZAK}"
        return fault


@dataclass(frozen=True)
class Utr3(NucleicConstraint):
    """What stands behind the coding sequence.

    Parameters
    ----------
    part : Untranslated
    """

    name: ClassVar[str] = "utr3"
    help: ClassVar[str] = (
        "the 3' UTR: its letters, or a length; behind it, with ;, no-polya, or polya<=BASES from its end"
    )
    example: ClassVar[str] = "50-120;no-polya"
    kept: ClassVar[str] = "as written, in mrna_codons and behind a protein elsewhere"

    part: Untranslated

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``50-120;no-polya``, ``80;polya<=30`` or ``UGAUAAUAGGC``."""
        what, *rules = text.split(";")
        least, most, letters = _extent(what.strip())
        signals: int | None = None
        for rule in (rule.strip().lower() for rule in rules):
            found = _SIGNAL.fullmatch(rule)
            if rule != "no-polya" and found is None:
                raise ParseError(
                    f"{rule!r} is no rule of a 3' UTR; those are no-polya and polya<=30", position=len(what) + 1
                )
            signals = whole_number(found[1]) if found else 0
        if signals and least != most:
            raise ParseError("polya<= counts from the end, so the 3' UTR needs an exact length", position=len(what) + 1)
        return cls(Untranslated(least, most, letters, signals_from=signals))

    @property
    def changes(self) -> Mapping[str, object]:
        """The part behind."""
        return {"behind": self.part}

    def fault_of(self, entity: NucleicAcid) -> str | None:
        """Return whether the length or a letter is another, or a signal of polyadenylation stands where it may not."""
        _, inside, behind = around_coding(entity)
        if coding_part(entity) is None:
            return None if self.part.least <= len(inside) else "the sequence is shorter than its 3' UTR"
        fault = _extent_fault(self.part, behind)
        if fault is not None or self.part.signals_from is None:
            return fault
        letters, allowed = inside + behind, len(inside + behind) - self.part.signals_from
        for signal in POLY_A:
            place = letters.find(signal)
            if 0 <= place < allowed:
                return f"{signal} stands at base {place + 1} from the start of the coding sequence"
        return None


def _extent(text: str) -> tuple[int, int, str]:
    """Return the least and the most bases of a part, and its letters where they are given."""
    found = _LENGTHS.fullmatch(text)
    if found is not None:
        least = whole_number(found[1])
        most = whole_number(found[2]) if found[2] else least
        if not least <= most <= _MOST:
            raise ParseError(f"a length is one number, or the least and the most, up to {_MOST:,}", position=0)
        return least, most, ""
    letters = as_dna("".join(text.split()).upper())
    strange = next((place for place, letter in enumerate(letters) if letter not in READINGS), None)
    if strange is not None or not letters:
        raise ParseError(f"{text!r} is neither a length, such as 20-60, nor IUPAC letters", position=strange or 0)
    return len(letters), len(letters), letters


def _extent_fault(part: Untranslated, letters: str) -> str | None:
    if not part.least <= len(letters) <= part.most:
        return f"it has {len(letters)} bases, not {part.least} to {part.most}"
    for place, (found, asked) in enumerate(zip(letters, part.letters, strict=False), start=1):
        if found not in READINGS[asked]:
            return f"base {place} is {found}, not {asked}"
    return None
