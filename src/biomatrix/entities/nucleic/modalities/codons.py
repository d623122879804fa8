"""Messenger RNA with its coding part known: bases of the UTRs, ``<utr A>``, and codons, ``<codon AUG>``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from biomatrix.entities.base_modality import checked_tokens
from biomatrix.entities.nucleic.bases import CERTAIN, LETTERS, NAMES
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.features import CDS, Feature, Interval, coding_sequences
from biomatrix.entities.nucleic.genetic_code import STOP, genetic_code
from biomatrix.entities.nucleic.modalities.codon_grammar import BASE, CODE, CODING, CODON, MARKS, UTR, codon_grammar
from biomatrix.entities.nucleic.modalities.nucleic_modality import LOST_WITH_LETTERS, NucleicModality
from biomatrix.errors import DecodeError, UnsupportedError

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.grammar import Grammar

_MEANINGS: Final = {
    "A": "alanine", "C": "cysteine", "D": "aspartic acid", "E": "glutamic acid", "F": "phenylalanine", "G": "glycine",
    "H": "histidine", "I": "isoleucine", "K": "lysine", "L": "leucine", "M": "methionine", "N": "asparagine",
    "P": "proline", "Q": "glutamine", "R": "arginine", "S": "serine", "T": "threonine", "V": "valine",
    "W": "tryptophan", "Y": "tyrosine", STOP: "a stop",
}  # fmt: skip
"""What a codon may stand for, in words."""


class MrnaCodons(NucleicModality):
    """A transcript: the bases of its 5' UTR, its codons, the bases of its 3' UTR.

    A codon with a code for several bases is three single bases of the coding part, ``<cds N>``; so are the one or two
    bases behind the last whole codon, and those before the first, behind ``<phase 1>`` or ``<phase 2>``.

    Examples
    --------
    >>> mrna = NucleicAcid("GAUGNAAUAGC", "rna", features=(Feature("CDS", ((1, 10),)),))
    >>> "".join(MrnaCodons().encode(mrna))
    '<utr G><codon AUG><cds N><cds A><cds A><codon UAG><utr C>'
    """

    name: ClassVar[str] = "mrna_codons"
    kind: ClassVar[str] = "rna"
    file_format: ClassVar[str] = "gb"
    start_token: ClassVar[str] = "<|mrna_start|>"
    end_token: ClassVar[str] = "<|mrna_end|>"
    start_description: ClassVar[str] = "Begins a messenger RNA with its codons"
    end_description: ClassVar[str] = "Ends a messenger RNA with its codons"
    token_pattern: ClassVar[re.Pattern[str]] = re.compile(r"<(?:utr|cds) [A-Z]>|<codon [ACGU]{3}>|<phase [12]>")
    carried_features: ClassVar[int] = 1
    cannot_carry: ClassVar[tuple[str, ...]] = (
        "features but the coding part",
        "the coding part's name, genetic code, qualifiers, and whether its ends are the true ones",
        "base pairs",
        *LOST_WITH_LETTERS,
    )

    def __init__(self) -> None:
        utr = {letter: f"<utr {letter}>" for letter in LETTERS["rna"]}
        inside = {letter: f"<cds {letter}>" for letter in LETTERS["rna"]}
        inside |= {codon: f"<codon {codon}>" for codon in map("".join, product(CERTAIN["rna"], repeat=3))}
        self._utr, self._coding = utr, inside
        self._piece_of = {token: piece for table in (utr, inside) for piece, token in table.items()}
        self._piece_of |= {"<phase 1>": "", "<phase 2>": ""}
        self._mark_of = {token: MARKS[self.token_class(token)] for token in self._piece_of}

    def accepts(self, entity: Entity) -> bool:
        """Return whether it is RNA with one coding part."""
        return (
            isinstance(entity, NucleicAcid) and entity.kind == self.kind and len(coding_sequences(entity.features)) == 1
        )

    def encode(self, entity: Entity) -> list[str]:
        """Return the transcript's tokens.

        Raises
        ------
        UnsupportedError
            Another kind of entity, or its coding part is none, one of several, on the other strand, or not one stretch.
        """
        rna = self.taken(entity)
        start, stop, phase = _coding_part(rna)
        first = start + phase
        middle = list(map(self._coding.__getitem__, rna.sequence[start:first]))
        if phase:
            middle.insert(0, f"<phase {phase}>")
        coding, letters = rna.sequence[first:stop], self._utr.__getitem__
        codons = [coding[at : at + 3] for at in range(0, len(coding), 3)]
        try:
            middle += map(self._coding.__getitem__, codons)
        except KeyError:  # a codon of several readings, or two bases at the end
            del middle[phase + (phase > 0) :]
            pieces = ([codon] if codon in self._coding else codon for codon in codons)
            middle += (self._coding[piece] for each in pieces for piece in each)
        return [*map(letters, rna.sequence[:start]), *middle, *map(letters, rna.sequence[stop:])]

    def losses(self, entity: Entity) -> tuple[str, ...]:
        """Return what the tokens say otherwise, the genetic code among it."""
        said = super().losses(entity)
        if not self.accepts(entity) or not isinstance(entity, NucleicAcid):
            return said
        (coding,) = coding_sequences(entity.features)
        if coding.table in (None, 1):
            return said
        return (*said, f"that its codons are those of genetic code {coding.table} is not written")

    def decode(self, tokens: Sequence[str]) -> NucleicAcid:
        """Return the transcript with its coding part as a feature.

        Raises
        ------
        DecodeError
            A token that is none of a transcript's, or not in its place, with its index.
        """
        listed = checked_tokens(tokens)
        try:
            marks = "".join(map(self._mark_of.__getitem__, listed))
        except KeyError:
            index = next(place for place, token in enumerate(listed) if token not in self._mark_of)
            raise DecodeError(f"not a token of {self.name}: {listed[index]!r}", position=index) from None
        found = CODING.fullmatch(marks)
        if found is None or not found[2]:
            raise self._misplaced(listed)
        pieces = list(map(self._piece_of.__getitem__, listed))
        start = found.end(1)
        stop = start + sum(map(len, pieces[found.start(2) : found.end(2)]))
        phase = "pq".find(found[2][0]) + 1
        return NucleicAcid("".join(pieces), self.kind, features=(Feature(CDS, (Interval(start, stop),), phase=phase),))

    def _misplaced(self, tokens: Sequence[str]) -> DecodeError:
        grammar = self.grammar()
        state = grammar.start
        for place, token in enumerate(tokens):
            state = int(grammar.transitions[state, self.token_class(token)])
            if state < 0:
                return DecodeError(f"{token} may not stand here in a transcript", position=place)
        return DecodeError("the transcript ends without a coding part, or within a codon", position=len(tokens))

    def vocabulary(self) -> Mapping[str, str]:
        """Return the tokens: bases by name, codons by the amino acid that they stand for in the standard code."""
        told = {token: f"{NAMES[letter]}, of an untranslated region" for letter, token in self._utr.items()}
        for piece, token in self._coding.items():
            told[token] = _described(piece) if len(piece) == 3 else f"{NAMES[piece]}, of a coding region"
        return told | {f"<phase {phase}>": f"{phase} bases before the first whole codon" for phase in (1, 2)}

    def grammar(self) -> Grammar:
        """Return the grammar: UTR, codons, UTR."""
        return codon_grammar()

    def token_class(self, token: str) -> int:
        """Return the class of a token; see :mod:`biomatrix.entities.nucleic.modalities.codon_grammar`."""
        if token[1] == "u":
            return UTR
        if token[1] == "p":
            return CODE + int(token[-2])
        return CODON if token[2] == "o" else BASE if token[-2] in CERTAIN["rna"] else CODE

    def length(self, tokens: Sequence[str]) -> int:
        """Return the number of bases."""
        return sum(len(self._piece_of[token]) for token in tokens)

    def units(self, tokens: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the bases of each token."""
        ends = np.cumsum([len(self._piece_of[token]) for token in tokens]).tolist()
        return [tuple(range(start, stop)) for start, stop in zip([0, *ends], ends, strict=False)]


def _coding_part(rna: NucleicAcid) -> tuple[int, int, int]:
    """Return where the one coding part starts and stops, and its phase. Raises UnsupportedError."""
    record, parts = rna.name or None, coding_sequences(rna.features)
    if len(parts) != 1:
        how = f"{len(parts)} coding parts (CDS); keep one among its features" if parts else "no coding part (CDS)"
        raise UnsupportedError(f"a transcript is written by its codons, and this one has {how}", record=record)
    (coding,) = parts
    pieces = list(coding.pieces())
    if any(strand < 0 for _, _, strand in pieces):
        raise UnsupportedError("its coding part lies on the other strand; take reverse_complement()", record=record)
    for (_, stop, _), (start, _, _) in pairwise(pieces):
        if start != stop:
            what = "is read on from" if start < stop else "leaves out bases, going on at"
            raise UnsupportedError(
                f"its coding part is not one stretch: behind {stop} it {what} {start}", record=record
            )
    start, stop = pieces[0][0], pieces[-1][1]
    if stop - start < max(coding.phase, 1):
        raise UnsupportedError(
            f"its coding part has {stop - start} bases, fewer than lie before its first codon", record=record
        )
    return start, stop, coding.phase


def _described(codon: str) -> str:
    return f"codon {codon}, {_MEANINGS[genetic_code(1).read(codon)]}"
