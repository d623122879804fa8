"""Which joint tokens a vocabulary keeps: the smallest frequency-ordered prefix covering most of a corpus.

A joint molecule token is a SELFIES symbol and a structure code. Most of the hundreds of thousands of pairs
never occur; the published vocabulary keeps the prefix that covers more than 99% of occurrences. A molecule
holding a token outside it cannot be written, and encoding it raises: nothing is spelled out in its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from biomatrix.errors import ConfigurationError


@dataclass(frozen=True)
class Coverage:
    """How much of a corpus a set of tokens writes.

    Parameters
    ----------
    tokens : int
        The number of tokens in the set.
    occurrences, covered : int
        Token occurrences in the corpus, and those the set holds.
    sequences, sequences_covered : int
        Sequences in the corpus, and those that can be written whole.
    """

    tokens: int
    occurrences: int
    covered: int
    sequences: int
    sequences_covered: int

    def __add__(self, other: Coverage) -> Coverage:
        """Return the measure of two parts of a corpus together, by the same tokens."""
        return Coverage(
            self.tokens,
            self.occurrences + other.occurrences,
            self.covered + other.covered,
            self.sequences + other.sequences,
            self.sequences_covered + other.sequences_covered,
        )

    @property
    def share(self) -> float:
        """The covered share of occurrences; NaN over nothing."""
        return self.covered / self.occurrences if self.occurrences else float("nan")

    @property
    def sequence_share(self) -> float:
        """The share of sequences that can be written whole; NaN over nothing."""
        return self.sequences_covered / self.sequences if self.sequences else float("nan")


def count_tokens(sequences: Iterable[Sequence[str]]) -> Counter[str]:
    """Count every token of a corpus; the counts of its parts add up with ``+``."""
    counts: Counter[str] = Counter()
    for tokens in sequences:
        counts.update(tokens)
    return counts


def joint_tokens(counts: Mapping[str, int], coverage: float = 0.99) -> list[str]:
    """Return the smallest frequency-ordered prefix that covers more than ``coverage`` of all occurrences.

    Parameters
    ----------
    counts : mapping of str to int
        Occurrences by token; zero counts are ignored.
    coverage : float
        The share to exceed, in [0, 1]. No prefix exceeds a share of 1, so then every token is kept.

    Returns
    -------
    list of str
        Most frequent first; equal counts in order of their Unicode code points, so that the choice does not
        depend on how the corpus was ordered.

    Raises
    ------
    ConfigurationError
        If ``coverage`` is not in [0, 1], or a count is negative.
    """
    if not 0 <= coverage <= 1:
        raise ConfigurationError(f"coverage is a share between 0 and 1, not {coverage}")
    if any(count < 0 for count in counts.values()):
        raise ConfigurationError("counts of tokens cannot be negative")
    ordered = sorted(((-count, token) for token, count in counts.items() if count))
    # 0.99 as a decimal, not as the binary number next to it: the boundary must not depend on rounding.
    threshold = Fraction(str(coverage)) * -sum(count for count, _ in ordered)
    prefix: list[str] = []
    covered = 0
    for negative, token in ordered:
        if covered > threshold:
            break
        prefix.append(token)
        covered -= negative
    return prefix


def coverage_of(tokens: Collection[str], sequences: Iterable[Sequence[str]]) -> Coverage:
    """Measure how much of a corpus can be written with the tokens; use one that they were not chosen from."""
    token_set = frozenset(tokens)
    occurrences = covered = total = whole = 0
    for sequence in sequences:
        inside = sum(token in token_set for token in sequence)
        occurrences += len(sequence)
        covered += inside
        total += 1
        whole += inside == len(sequence)
    return Coverage(len(token_set), occurrences, covered, total, whole)
