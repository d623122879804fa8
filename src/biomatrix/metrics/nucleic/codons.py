"""Codon usage as numbers: adaptation to a host (CAI), G and C, what a codon choice shares with the natural one.

Sequences are coding, read from their first base; case and U for T do not matter. A codon that no genetic code reads,
such as NNN, and bases after the last whole codon are left out and counted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType

from biomatrix.errors import UnsupportedError

PSEUDOCOUNT = 0.5
"""What stands in for the count of a codon that the reference never has (Sharp and Li 1987; Bulmer 1988)."""
STOP = "*"


@lru_cache(maxsize=64)
def genetic_code(table: int = 1) -> Mapping[str, str]:
    """Return the amino acid, or ``*``, of each of the 64 DNA codons under a table of the NCBI.

    Raises
    ------
    UnsupportedError
        There is no such table.
    """
    from biotite.sequence import CodonTable

    try:
        return MappingProxyType(dict(CodonTable.load(table).codon_dict()))
    except (ValueError, KeyError, TypeError):
        raise UnsupportedError(f"no genetic code {table!r} is known") from None


@dataclass(frozen=True)
class CodonReference:
    """The codon usage that a sequence is judged by: without all four, a CAI says nothing.

    Parameters
    ----------
    name : str
        Where the counts come from, such as "highly expressed genes of E. coli K-12".
    counts : mapping of str to float
        Of codons, in DNA or RNA letters: counts, or shares per thousand.
    table : int
        The genetic code.
    pseudocount : float
        What a count of zero becomes. It means nothing against shares: give counts where any codon is missing.
    """

    name: str
    counts: Mapping[str, float]
    table: int = 1
    pseudocount: float = PSEUDOCOUNT

    @classmethod
    def of(cls, name: str, sequences: Sequence[str], table: int = 1) -> CodonReference:
        """Return the usage of coding sequences."""
        counts = Counter(codon for one in sequences for codon in codons(one) if codon in genetic_code(table))
        return cls(name, counts, table)

    @cached_property
    def frequencies(self) -> Mapping[str, float]:
        """The count of each codon of the table, in DNA letters, with the pseudocount in place of zero.

        Raises
        ------
        UnsupportedError
            A name is no codon of the table, or a count is negative or not finite.
        """
        code = genetic_code(self.table)
        given = {codon.upper().replace("U", "T"): float(count) for codon, count in self.counts.items()}
        wrong = next((codon for codon in given if codon not in code), None)
        if wrong is not None:
            raise UnsupportedError(f"{wrong!r} is no codon", record=self.name)
        if not all(math.isfinite(count) and count >= 0 for count in given.values()) or self.pseudocount < 0:
            raise UnsupportedError("a count is negative or not finite", record=self.name)
        return {codon: given.get(codon, 0.0) or self.pseudocount for codon in code}

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """The relative adaptiveness of each codon: its count over that of the commonest codon of its amino acid.

        Stops and amino acids with one codon (M and W in table 1) have none.
        """
        found = {}
        for amino_acid, synonyms in synonymous_codons(self.table).items():
            most = max(self.frequencies[codon] for codon in synonyms)
            if amino_acid != STOP and len(synonyms) > 1 and most > 0:
                found.update({codon: self.frequencies[codon] / most for codon in synonyms})
        return found


@dataclass(frozen=True)
class Adaptation:
    """A codon adaptation index and what it rests on.

    Parameters
    ----------
    value : float
        From 0 to 1; NaN where no codon counts.
    codons : int
        The codons that count.
    left_out : int
        Stops, amino acids with one codon, and codons with ambiguous bases.
    remainder : int
        Bases after the last whole codon.
    reference, table, pseudocount
        Of the reference.
    """

    value: float
    codons: int
    left_out: int
    remainder: int
    reference: str
    table: int
    pseudocount: float


def codon_adaptation_index(sequence: str, reference: CodonReference) -> Adaptation:
    """Return the CAI of a coding sequence: the geometric mean of its codons' weights (Sharp and Li 1987).

    Examples
    --------
    >>> usage = CodonReference("made up", {"AAA": 30, "AAG": 10, "GAA": 20, "GAG": 20})
    >>> found = codon_adaptation_index("AUGAAAAAGGAGUAA", usage)
    >>> round(found.value, 4), found.codons, found.left_out
    (0.6934, 3, 2)
    """
    read = list(codons(sequence))
    counted = sum(codon in reference.weights for codon in read)
    left_out, remainder, value = len(read) - counted, len(sequence) % 3, mean_weight(read, reference.weights)
    return Adaptation(value, counted, left_out, remainder, reference.name, reference.table, reference.pseudocount)


def mean_weight(read: Iterable[str], weights: Mapping[str, float]) -> float:
    """Return the geometric mean of the weights of the codons that have one; NaN where none has."""
    found = [weights[codon] for codon in read if codon in weights]
    if not found:
        return math.nan
    return math.exp(math.fsum(map(math.log, found)) / len(found)) if min(found) > 0 else 0.0


def codons(sequence: str) -> Iterator[str]:
    """Yield the whole codons of a sequence, in DNA letters."""
    letters = sequence.upper().replace("U", "T")
    return (letters[start : start + 3] for start in range(0, len(letters) - 2, 3))


@lru_cache(maxsize=64)
def synonymous_codons(table: int = 1) -> Mapping[str, tuple[str, ...]]:
    """Return the codons of each amino acid, and of ``*``, in alphabetical order."""
    found: dict[str, list[str]] = {}
    for codon, amino_acid in sorted(genetic_code(table).items()):
        found.setdefault(amino_acid, []).append(codon)
    return {amino_acid: tuple(synonyms) for amino_acid, synonyms in found.items()}


def relative_synonymous_usage(sequence: str, table: int = 1) -> dict[str, float]:
    """Return the RSCU of each codon of the amino acids that a sequence has: its count over the mean of its synonyms."""
    counts = Counter(codons(sequence))
    found = {}
    for synonyms in synonymous_codons(table).values():
        mean = sum(counts[codon] for codon in synonyms) / len(synonyms)
        if mean:
            found.update({codon: counts[codon] / mean for codon in synonyms})
    return found


def codon_recovery(designed: str, native: str, table: int = 1) -> float:
    """Return the share of places with the native codon, among those where the amino acid leaves a choice.

    Returns
    -------
    float
        NaN where no place leaves a choice.

    Raises
    ------
    UnsupportedError
        The two do not spell the same protein.
    """
    code, synonyms = genetic_code(table), synonymous_codons(table)
    mine, true = list(codons(designed)), list(codons(native))
    if [code.get(codon) for codon in mine] != [code.get(codon) for codon in true]:
        raise UnsupportedError("the sequences do not spell the same protein")
    choices = [a == b for a, b in zip(mine, true, strict=True) if b in code and len(synonyms[code[b]]) > 1]
    return sum(choices) / len(choices) if choices else float("nan")


def gc_share(sequence: str) -> float:
    """Return the share of G and C among A, C, G, T, U, S and W; NaN where there is none of them.

    Examples
    --------
    >>> gc_share("GGAUn")
    0.5
    """
    counts = Counter(sequence.upper())
    strong = counts["G"] + counts["C"] + counts["S"]
    total = strong + counts["A"] + counts["T"] + counts["U"] + counts["W"]
    return strong / total if total else float("nan")


def gc3_share(sequence: str) -> float:
    """Return the share of G and C among the third bases of the whole codons."""
    return gc_share("".join(codon[2] for codon in codons(sequence)))


def gc_windows(sequence: str, window: int) -> list[float]:
    """Return the share of G and C in each full window of a sequence; one of the whole where it is shorter."""
    starts = range(max(len(sequence) - window, 0) + 1)
    return [gc_share(sequence[start : start + window]) for start in starts]


def base_share(sequence: str, base: str) -> float:
    """Return the share of one base among all letters, U and T being one; NaN of an empty sequence."""
    letters = sequence.upper().replace("T", "U")
    return letters.count(base.upper().replace("T", "U")) / len(letters) if letters else float("nan")


def dinucleotide_count(sequence: str, pair: str) -> int:
    """Return how often two bases follow each other, such as CG or UA, across codons too."""
    letters, wanted = (text.upper().replace("T", "U") for text in (sequence, pair))
    return sum(letters.startswith(wanted, place) for place in range(len(letters) - 1))
