"""How often a host uses each codon, and the codon adaptation index that follows.

The tables beside this file are of all coding sequences of a genome as Kazusa counted them (python-codon-tables 0.1.18,
CC0-1.0; ``recipes/codon_usage.py`` writes the file): shares within an amino acid, rounded to 0.01. Sharp and Li took
highly expressed genes alone; `CodonUsage.from_coding` counts any set.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from math import fsum
from pathlib import Path
from typing import Final

from biomatrix.entities.near_matches import choices
from biomatrix.entities.nucleic.bases import as_dna
from biomatrix.entities.nucleic.genetic_code import STOP, GeneticCode, genetic_code
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.metrics.nucleic.codons import PSEUDOCOUNT, mean_weight
from biomatrix.metrics.nucleic.codons import codons as codons_of

TABLES: Final = Path(__file__).with_name("codon_usage.json")
SMALLEST_SHARE: Final = 0.005
"""Of a codon whose share is given as 0.00: half of the last digit."""


@dataclass(frozen=True, eq=False)
class CodonUsage:
    """Weights of codons.

    Parameters
    ----------
    reference : str
        Which set was counted, for reports.
    counts : mapping of str to float
        Number or share of each codon, as DNA; what lacks is 0.
    table : int
        Id of the genetic code.
    floor : float
        Put for smaller numbers.

    Raises
    ------
    ParseError
        A key that is no codon, or a negative number.
    """

    reference: str
    counts: Mapping[str, float]
    table: int = 1
    floor: float = PSEUDOCOUNT

    def __post_init__(self) -> None:
        known = genetic_code(self.table).amino_acids
        for codon, count in self.counts.items():
            if codon not in known or not count >= 0:
                raise ParseError(f"{codon!r}: {count!r} is no codon of DNA with a number of 0 or more")

    @property
    def code(self) -> GeneticCode:
        """The genetic code."""
        return genetic_code(self.table)

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """Each codon's number over that of its amino acid's commonest, above 0 and at most 1; of stops none."""
        found: dict[str, float] = {}
        for amino_acid, codons in self.code.codons.items():
            if amino_acid != STOP:
                numbers = {codon: max(float(self.counts.get(codon, 0)), self.floor) for codon in codons}
                found |= {codon: number / max(numbers.values()) for codon, number in numbers.items()}
        return found

    @cached_property
    def shares(self) -> Mapping[str, tuple[tuple[str, float], ...]]:
        """The codons of each amino acid and of the stop, each with its share; they add up to 1."""
        found: dict[str, tuple[tuple[str, float], ...]] = {}
        for amino_acid, codons in self.code.codons.items():
            numbers = [max(float(self.counts.get(codon, 0)), self.floor) for codon in codons]
            found[amino_acid] = tuple((codon, n / fsum(numbers)) for codon, n in zip(codons, numbers, strict=True))
        return found

    def adaptation_index(self, codons: Iterable[str]) -> float:
        """Return the codon adaptation index (Sharp and Li, Nucleic Acids Research 15 (1987) 1281).

        The geometric mean of the weights. Stops, codons without synonyms (M and W in the standard code) and codons
        of uncertain bases are left out; NaN where nothing is left.
        """
        return mean_weight(map(as_dna, codons), self._weights_of_synonyms)

    @cached_property
    def _weights_of_synonyms(self) -> Mapping[str, float]:
        synonyms = (codons for codons in self.code.codons.values() if len(codons) > 1)
        return {codon: self.weights[codon] for codons in synonyms for codon in codons if codon in self.weights}

    @classmethod
    def from_coding(cls, reference: str, sequences: Iterable[str], table: int = 1) -> CodonUsage:
        """Count the whole codons of coding sequences, DNA or RNA, read from their first base."""
        known = genetic_code(table).amino_acids
        counts = Counter(codon for sequence in sequences for codon in codons_of(sequence) if codon in known)
        return cls(reference, counts, table)


def species() -> tuple[str, ...]:
    """Return the names of the hosts whose tables are here."""
    return tuple(_tables()["species"])


@cache
def usage_of(host: str) -> CodonUsage:
    """Return the table of a host, such as ``h_sapiens``.

    Raises
    ------
    ConfigurationError
        A host without a table here.
    """
    tables = _tables()["species"]
    if host not in tables:
        raise ConfigurationError(f"no codon usage of {host!r}; {choices(host, tables)}")
    shares = {codon: share for codons in tables[host]["shares"].values() for codon, share in codons.items()}
    return CodonUsage(f"{host}, all coding sequences (Kazusa)", shares, 1, SMALLEST_SHARE)


@cache
def _tables() -> dict[str, dict[str, dict[str, dict[str, dict[str, float]]]]]:
    loaded: dict[str, dict[str, dict[str, dict[str, dict[str, float]]]]] = json.loads(TABLES.read_text("utf-8"))
    return loaded
