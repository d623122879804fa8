"""Genetic codes: what codons are read as, by the tables of NCBI.

A codon of ambiguous letters is read only where all its readings agree. UGA as selenocysteine (U) and UAG as pyrrolysine
(O) depend on their place, so they are read and written so only where the caller says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from typing import Final

from biomatrix.entities.nucleic.bases import as_dna, readings
from biomatrix.errors import UnsupportedError

STOP: Final = "*"
UNKNOWN: Final = "X"
RECODED: Final[dict[str, str]] = {"U": "TGA", "O": "TAG"}
"""Amino acids that a stop codon stands for at places that say so."""
TABLES: Final[tuple[int, ...]] = (*range(1, 7), *range(9, 17), *range(21, 32))
"""The ids of the tables there are."""


@dataclass(frozen=True)
class CodingFlags:
    """What is unusual about a coding sequence, which is kept as it is.

    Parameters
    ----------
    remainder : int
        Bases after the last whole codon, 0 to 2.
    start : bool
        Whether its first codon is a start of the table.
    stop : bool
        Whether its last whole codon is a stop.
    inner_stops : tuple of int
        Indices from 0 of stop codons before the last.
    ambiguous : tuple of int
        Indices of codons whose readings differ.
    """

    remainder: int
    start: bool
    stop: bool
    inner_stops: tuple[int, ...]
    ambiguous: tuple[int, ...]

    @property
    def clean(self) -> bool:
        """Whether it starts, ends and reads as a textbook's does."""
        return self.start and self.stop and not (self.remainder or self.inner_stops or self.ambiguous)

    def sentences(self) -> tuple[str, ...]:
        """Return what is unusual, one sentence each."""
        said = [
            (self.remainder, f"{self.remainder} bases stand after the last whole codon"),
            (not self.start, "the first codon is no start of the table"),
            (not self.stop, "the last codon is no stop"),
            (self.inner_stops, f"stop codons stand inside, at codons {_listed(self.inner_stops)}"),
            (self.ambiguous, f"codons may be read in several ways, at {_listed(self.ambiguous)}"),
        ]
        return tuple(sentence for wrong, sentence in said if wrong)


def _listed(places: tuple[int, ...], shown: int = 5) -> str:
    more = f" and {len(places) - shown} more" if len(places) > shown else ""
    return ", ".join(map(str, places[:shown])) + more


@dataclass(frozen=True)
class GeneticCode:
    """One table.

    Parameters
    ----------
    table : int
        Its id at NCBI.
    amino_acids : mapping of str to str
        The one-letter code of each of the 64 codons, in letters of DNA and order A, C, G, T; ``*`` for a stop.
    starts : frozenset of str
        The codons that can be a start, which is read as M there whatever they spell elsewhere.
    """

    table: int
    amino_acids: Mapping[str, str]
    starts: frozenset[str]

    def __hash__(self) -> int:
        return hash(self.table)

    @cached_property
    def stops(self) -> frozenset[str]:
        """The codons that are a stop and nothing else; tables 27, 28 and 31 have none."""
        return frozenset(codon for codon, letter in self.amino_acids.items() if letter == STOP)

    @cached_property
    def codons(self) -> Mapping[str, tuple[str, ...]]:
        """The codons of each amino acid and of the stop, in letters of DNA."""
        found: dict[str, list[str]] = {}
        for codon, letter in self.amino_acids.items():
            found.setdefault(letter, []).append(codon)
        return {letter: tuple(codons) for letter, codons in found.items()}

    def synonyms(self, amino_acid: str, *, recode: bool = False) -> tuple[str, ...]:
        """Return the codons of an amino acid, or of ``*``, in letters of DNA.

        Raises
        ------
        UnsupportedError
            An amino acid without codons; U or O where recoding is not asked for.
        """
        if amino_acid in self.codons:
            return self.codons[amino_acid]
        if amino_acid in RECODED:
            if recode:
                return (RECODED[amino_acid],)
            raise UnsupportedError(
                f"{amino_acid} has no codon of its own: it is {RECODED[amino_acid]} where the context recodes it; "
                "ask for recoding if yours does"
            )
        raise UnsupportedError(f"{amino_acid!r} has no codon in genetic code {self.table}")

    def read(self, codon: str) -> str:
        """Return what a codon of DNA or RNA is read as, X where its readings differ.

        Examples
        --------
        >>> code = genetic_code(1)
        >>> code.read("GGN"), code.read("MGR"), code.read("NNN")
        ('G', 'R', 'X')
        """
        known = self.amino_acids.get(codon)
        if known is None:
            known = self._ambiguous(as_dna(codon))
        return known

    def _ambiguous(self, codon: str) -> str:
        if codon in self.amino_acids:
            return self.amino_acids[codon]
        found = {self.amino_acids["".join(each)] for each in product(*map(readings, codon))}
        return found.pop() if len(found) == 1 else UNKNOWN

    def is_start(self, codon: str) -> bool:
        """Return whether all readings of a codon are starts."""
        return all("".join(each) in self.starts for each in product(*map(readings, codon)))

    def translate(self, letters: str, *, start_as_m: bool = False, recoded: Mapping[int, str] | None = None) -> str:
        """Return the amino acids of the whole codons, ``*`` for stops, X for codons that may be several things.

        Parameters
        ----------
        letters : str
            DNA or RNA in capitals; one or two letters after the last whole codon are not read.
        start_as_m : bool
            Read the first codon as M where it is a start of the table.
        recoded : mapping of int to str
            The index of a codon, from 0, to the amino acid it stands for there: U at a TGA, O at a TAG.

        Raises
        ------
        UnsupportedError
            A place to be recoded that holds another codon.
        """
        read = self.read
        found = [read(letters[place : place + 3]) for place in range(0, len(letters) - 2, 3)]
        if start_as_m and found and self.is_start(letters[:3]):
            found[0] = "M"
        for index, amino_acid in (recoded or {}).items():
            codon = as_dna(letters[3 * index : 3 * index + 3])
            if codon != RECODED.get(amino_acid):
                raise UnsupportedError(
                    f"codon {index} is {codon or 'past the end'}, which is not recoded as {amino_acid!r}; "
                    "TGA is as U, TAG as O",
                    position=index,
                )
            found[index] = amino_acid
        return "".join(found)

    def flags(self, letters: str) -> CodingFlags:
        """Return what is unusual about a coding sequence."""
        read = self.translate(letters)
        return CodingFlags(
            len(letters) % 3,
            bool(read) and self.is_start(letters[:3]),
            read.endswith(STOP),
            tuple(index for index, letter in enumerate(read[:-1]) if letter == STOP),
            tuple(index for index, letter in enumerate(read) if letter == UNKNOWN),
        )

    def exact_protein(self, letters: str) -> str:
        """Return the protein of a coding sequence that is to be kept, its stop at the end left out.

        Raises
        ------
        UnsupportedError
            A length that is no multiple of three, a stop inside or an ambiguous codon, with its index as ``position``.
        """
        read, flags = self.translate(letters, start_as_m=True), self.flags(letters)
        if flags.remainder:
            raise UnsupportedError(
                f"{len(letters)} bases are no whole number of codons; cut the {flags.remainder} at the end, "
                "or set the frame",
                position=len(letters) // 3,
            )
        wrong = sorted((*flags.inner_stops, *flags.ambiguous))
        if wrong:
            codon = letters[3 * wrong[0] : 3 * wrong[0] + 3]
            what = "a stop inside" if wrong[0] in flags.inner_stops else "ambiguous"
            raise UnsupportedError(f"codon {wrong[0]}, {codon}, is {what}", position=wrong[0])
        return read.removesuffix(STOP)


@cache
def genetic_code(table: int = 1) -> GeneticCode:
    """Return the table of that id at NCBI.

    Raises
    ------
    UnsupportedError
        There is none, or it is one of the two newest, 32 and 33, which the library of tables lacks.
    """
    from biotite.sequence import CodonTable

    if isinstance(table, bool) or table not in TABLES:
        raise UnsupportedError(f"no genetic code {table!r}; there are {', '.join(map(str, TABLES))}")
    loaded = CodonTable.load(int(table))
    spelled = loaded.codon_dict()
    codons = ("".join(each) for each in product("ACGT", repeat=3))
    return GeneticCode(int(table), {codon: spelled[codon] for codon in codons}, frozenset(loaded.start_codons()))
