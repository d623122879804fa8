"""Letters as people and files write them, read as a nucleic acid; whatever is changed is noted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from biomatrix.entities.limits import Limits
from biomatrix.entities.nucleic.bases import BaseKind, as_dna, as_rna, foreign_letter
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from biomatrix.entities.nucleic.entity import NucleicAcid

_LOWER: Final = re.compile(r"[a-z]+")


def guessed_kind(letters: str) -> BaseKind:
    """Return RNA for letters with a U and no T, else DNA."""
    upper = letters.upper()
    return "rna" if "U" in upper and "T" not in upper else "dna"


def read_letters(entity: type[NucleicAcid], text: str, kind: BaseKind | None, name: str, limits: Limits) -> NucleicAcid:
    """Return the nucleic acid of a text; see :meth:`NucleicAcid.from_sequence`."""
    letters = "".join(text.split())
    limits.check("bases_per_sequence", len(letters), "length of the sequence in bases")
    if not letters:
        raise ParseError("an empty sequence")
    kind = kind or guessed_kind(letters)
    masked = tuple(found.span() for found in _LOWER.finditer(letters))
    upper = letters.upper()
    own, other = ("T", "U") if kind == "dna" else ("U", "T")
    notes = []
    if other in upper:
        both = own in upper
        first = upper.index(other)
        if both:
            raise ParseError(
                f"{other!r} beside {own!r}: letters of DNA and of RNA in one sequence; write one of them throughout",
                position=first,
            )
        upper = as_dna(upper) if kind == "dna" else as_rna(upper)
        notes.append(f"{other} was read as {own}, as {kind.upper()} is written")
    found = foreign_letter(upper, kind)
    if found is not None:
        raise ParseError(found[1], position=found[0])
    if masked and len(masked) == 1 and masked[0] == (0, len(letters)):
        notes.append("all letters were in lower case, which is kept as soft masking")
    return entity(upper, kind, soft_masked=masked, name=name, notes=tuple(notes))


def written_letters(entity: NucleicAcid) -> str:
    """Return the letters of a sequence, soft-masked ones in lower case."""
    if not entity.soft_masked:
        return entity.sequence
    parts, done = [], 0
    for start, stop in entity.soft_masked:
        parts += [entity.sequence[done:start], entity.sequence[start:stop].lower()]
        done = stop
    return "".join((*parts, entity.sequence[done:]))
