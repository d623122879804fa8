"""Motifs of nucleic acids: IUPAC patterns on one strand or both, sites by the enzyme's name, runs of a base.

Sites are those of REBASE (Roberts et al., Nucleic Acids Research 51 (2023) D629), as they are read on the strand that
is usually printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from biomatrix.entities.constraint_text import whole_number
from biomatrix.entities.near_matches import choices
from biomatrix.entities.nucleic.bases import READINGS, as_dna, reverse_complement
from biomatrix.errors import ParseError

ENZYMES: Final[dict[str, str]] = {
    "AarI": "CACCTGC", "AatII": "GACGTC", "AccI": "GTMKAC", "AclI": "AACGTT", "AcuI": "CTGAAG", "AflII": "CTTAAG",
    "AgeI": "ACCGGT", "ApaI": "GGGCCC", "ApaLI": "GTGCAC", "AscI": "GGCGCGCC", "AseI": "ATTAAT", "AvaI": "CYCGRG",
    "AvrII": "CCTAGG", "BamHI": "GGATCC", "BbsI": "GAAGAC", "BclI": "TGATCA", "BglI": "GCCNNNNNGGC",
    "BglII": "AGATCT", "BmtI": "GCTAGC", "BpiI": "GAAGAC", "BsaI": "GGTCTC", "BseRI": "GAGGAG", "BsmBI": "CGTCTC",
    "BsmI": "GAATGC", "BspEI": "TCCGGA", "BspHI": "TCATGA", "BspQI": "GCTCTTC", "BsrDI": "GCAATG", "BsrGI": "TGTACA",
    "BssHII": "GCGCGC", "BstBI": "TTCGAA", "BstEII": "GGTNACC", "BstXI": "CCANNNNNNTGG", "BtgZI": "GCGATG",
    "BtsI": "GCAGTG", "ClaI": "ATCGAT", "DpnI": "GATC", "DraI": "TTTAAA", "DraIII": "CACNNNGTG", "EagI": "CGGCCG",
    "EarI": "CTCTTC", "EcoRI": "GAATTC", "EcoRV": "GATATC", "Esp3I": "CGTCTC", "FokI": "GGATG", "FseI": "GGCCGGCC",
    "HaeIII": "GGCC", "HhaI": "GCGC", "HincII": "GTYRAC", "HindIII": "AAGCTT", "HpaI": "GTTAAC", "HpaII": "CCGG",
    "I-SceI": "TAGGGATAACAGGGTAAT", "KasI": "GGCGCC", "KpnI": "GGTACC", "MfeI": "CAATTG", "MluI": "ACGCGT",
    "MlyI": "GAGTC", "MspI": "CCGG", "NarI": "GGCGCC", "NcoI": "CCATGG", "NdeI": "CATATG", "NheI": "GCTAGC",
    "NotI": "GCGGCCGC", "NruI": "TCGCGA", "NsiI": "ATGCAT", "PacI": "TTAATTAA", "PaqCI": "CACCTGC", "PciI": "ACATGT",
    "PmeI": "GTTTAAAC", "PmlI": "CACGTG", "PstI": "CTGCAG", "PvuI": "CGATCG", "PvuII": "CAGCTG", "RsaI": "GTAC",
    "SacI": "GAGCTC", "SacII": "CCGCGG", "SalI": "GTCGAC", "SapI": "GCTCTTC", "SbfI": "CCTGCAGG", "ScaI": "AGTACT",
    "SfiI": "GGCCNNNNNGGCC", "SmaI": "CCCGGG", "SnaBI": "TACGTA", "SpeI": "ACTAGT", "SphI": "GCATGC",
    "SrfI": "GCCCGGGC", "SspI": "AATATT", "StuI": "AGGCCT", "SwaI": "ATTTAAAT", "XbaI": "TCTAGA", "XhoI": "CTCGAG",
    "XmaI": "CCCGGG", "XmnI": "GAANNNNTTC",
}  # fmt: skip
"""Enzymes and what they recognise, in IUPAC's letters of DNA."""
POLY_A: Final[tuple[str, ...]] = ("AATAAA", "ATTAAA")
"""The signals of polyadenylation, as DNA; read on the strand that is transcribed."""

_LONGEST: Final = 200
_BY_NAME: Final = {name.upper(): site for name, site in ENZYMES.items()}
_RUNS: Final = re.compile(r"(RUNS|[ACGTU])>(\d+)", re.ASCII)


@dataclass(frozen=True)
class Motif:
    """A pattern that may stand somewhere.

    Parameters
    ----------
    pattern : str
        IUPAC's letters of DNA.
    name : str
        What a person calls it.
    """

    pattern: str
    name: str

    def __post_init__(self) -> None:
        """Refuse what is no pattern."""
        strange = next((place for place, letter in enumerate(self.pattern) if letter not in READINGS), None)
        if strange is not None:
            raise ParseError(f"{self.pattern[strange]!r} is no IUPAC letter of a base", position=strange)
        if not self.pattern.strip("N"):
            raise ParseError(f"the motif {self.pattern!r} stands everywhere; give one with a letter other than N")
        if len(self.pattern) > _LONGEST:
            raise ParseError(f"a motif of {len(self.pattern):,} letters is too long; give at most {_LONGEST}")

    @cached_property
    def _expression(self) -> str:
        """The pattern as a regular expression over letters of DNA."""
        return "".join(f"[{READINGS[letter]}]" for letter in self.pattern)

    def found(self, letters: str) -> int | None:
        """Return where it first stands in certain letters of DNA or RNA, from 0; None where it does not."""
        match = re.search(self._expression, as_dna(letters))
        return None if match is None else match.start()

    def places(self, letters: str) -> list[int]:
        """Return every place, from 0, where it stands in certain letters of DNA or RNA, overlapping ones too.

        Examples
        --------
        >>> Motif("AA", "a pair of A").places("AAAC")
        [0, 1]
        """
        return [match.start() for match in re.finditer(f"(?={self._expression})", as_dna(letters))]


def on_both_strands(pattern: str, name: str) -> tuple[Motif, ...]:
    """Return a motif and its reverse complement; a palindrome once.

    Examples
    --------
    >>> [motif.pattern for motif in on_both_strands("GGTCTC", "BsaI")], len(on_both_strands("GAATTC", "EcoRI"))
    (['GGTCTC', 'GAGACC'], 1)
    """
    forward = Motif(pattern, name)
    other = reverse_complement(pattern, "dna")
    return (forward,) if other == pattern else (forward, Motif(other, f"{name} on the other strand"))


def runs_longer_than(most: int, bases: Iterable[str] = "ACGT") -> tuple[Motif, ...]:
    """Return the runs of one base that are longer than ``most``, as motifs."""
    return tuple(Motif(base * (most + 1), f"a run of {most + 1} {base}") for base in bases)


def parse_motifs(text: str) -> tuple[Motif, ...]:
    """Return what a person lists with semicolons between: each once, in order.

    An enzyme's name or IUPAC letters stand for both strands, ``+`` before them for the strand as it is read;
    ``runs>5`` is a run of six or more of any base, ``A>7`` one of eight or more A. Case does not matter.

    Raises
    ------
    ParseError
        An item that is none of these, with its position.

    Examples
    --------
    >>> [motif.pattern for motif in parse_motifs("EcoRI;+AAUAAA;G>2")]
    ['GAATTC', 'AATAAA', 'GGG']
    """
    found: dict[str, Motif] = {}
    offset = 0
    for item in text.split(";"):
        word = item.strip()
        try:
            for motif in _motifs_of(word):
                found.setdefault(motif.pattern, motif)
        except ParseError as error:
            place = error.position if isinstance(error.position, int) else 0
            raise ParseError(error.message, position=offset + place) from None
        offset += len(item) + 1
    return tuple(found.values())


def _motifs_of(word: str) -> tuple[Motif, ...]:
    upper = word.upper()
    run = _RUNS.fullmatch(upper)
    if run is not None:
        most = whole_number(run[2])
        if not 1 <= most < _LONGEST:
            raise ParseError(f"a run is longer than 1 to {_LONGEST - 1} bases, not {most}")
        return runs_longer_than(most, "ACGT" if run[1] == "RUNS" else as_dna(run[1]))
    name = word.removeprefix("+").strip()
    pattern = _BY_NAME.get(name.upper(), as_dna(name.upper()))
    if not pattern or not set(pattern) <= set(READINGS):
        raise ParseError(
            f"{word!r} is no enzyme known here, no IUPAC letters and no run such as runs>5; {choices(name, ENZYMES)}"
        )
    return (Motif(pattern, name),) if word.startswith("+") else on_both_strands(pattern, name)
