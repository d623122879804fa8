"""Features of a sequence: genes, coding sequences and whatever else is annotated, by exact intervals.

Positions count from 0 along the plus strand, whichever strand a feature lies on; intervals are half open. A feature's
intervals stand in the order in which they are read, so the first of a feature on the minus strand is its rightmost, and
one that crosses the origin of a circle has two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import index
from typing import Any, Final, NamedTuple

from biomatrix.entities.nucleic.bases import BaseKind, reverse_complement
from biomatrix.errors import ParseError

CDS: Final = "CDS"
"""The type of a feature that codes for a protein, as INSDC names it."""

STRANDS: Final = (1, -1)


class Interval(NamedTuple):
    """One stretch of a feature.

    Parameters
    ----------
    start, stop : int
        Half open; empty for a site between two bases.
    strand : int
        1 or -1 where it is not the feature's, as in trans-splicing; 0 for the feature's own.
    before, after : bool
        Whether the true start lies left of ``start``, the true stop right of ``stop``: GenBank's ``<`` and ``>``.
    """

    start: int
    stop: int
    strand: int = 0
    before: bool = False
    after: bool = False


@dataclass(frozen=True)
class Feature:
    """Something annotated.

    Parameters
    ----------
    type : str
        Its key, as in GenBank: ``CDS``, ``gene``, ``5'UTR``.
    intervals : tuple of Interval
        In reading order; pairs of numbers are made intervals.
    strand : {1, -1}
    phase : int
        How many bases stand before the first whole codon, 0 to 2: GenBank's ``codon_start`` less one.
    table : int, optional
        The id of its genetic code; None where nothing tells it.
    qualifiers : mapping of str to str
        Everything else; values of a name given several times are joined by line ends, "" for a name alone.
    name : str
        What messages call it.

    Raises
    ------
    ParseError
        An interval that ends before it starts, no interval, another strand, or another phase.
    """

    type: str
    intervals: tuple[Interval, ...]
    strand: int = 1
    phase: int = 0
    table: int | None = None
    qualifiers: Mapping[str, str] = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        intervals = tuple(self._interval(one) for one in self.intervals)
        if not intervals:
            raise ParseError(f"the feature {self.label} has no interval")
        if self.strand not in STRANDS:
            raise ParseError(f"the strand of the feature {self.label} is 1 or -1, not {self.strand!r}")
        if self.phase not in (0, 1, 2):
            raise ParseError(f"the phase of the feature {self.label} is 0, 1 or 2, not {self.phase!r}")
        object.__setattr__(self, "intervals", intervals)
        object.__setattr__(self, "qualifiers", dict(self.qualifiers))

    def _interval(self, given: Any) -> Interval:
        try:
            one = given if isinstance(given, Interval) else Interval(*given)
            one = one._replace(start=index(one.start), stop=index(one.stop))
            wrong = one.start < 0 or one.stop < one.start or one.strand not in (0, *STRANDS)
        except TypeError as error:
            raise ParseError(f"an interval of the feature {self.label} is two whole numbers, not {given!r}") from error
        if wrong:
            raise ParseError(f"the feature {self.label} cannot have the interval {tuple(given)}")
        return one._replace(strand=0) if one.strand == self.strand else one

    def __hash__(self) -> int:
        return hash((self.type, self.intervals, self.strand, self.name))

    def __len__(self) -> int:
        """Return the number of bases it covers, those that two intervals share counted twice."""
        return sum(one.stop - one.start for one in self.intervals)

    @property
    def label(self) -> str:
        """What messages call it: its name, else its type."""
        return f"{self.type} {self.name}" if self.name else str(self.type)

    @property
    def end(self) -> int:
        """The position after its last base along the plus strand."""
        return max(one.stop for one in self.intervals)

    def pieces(self) -> Iterator[tuple[int, int, int]]:
        """Yield (start, stop, strand) of every interval, in reading order."""
        for one in self.intervals:
            yield one.start, one.stop, one.strand or self.strand

    def letters(self, sequence: str, kind: BaseKind) -> str:
        """Return what is read off a sequence: the intervals joined, each from its own strand."""
        return "".join(
            sequence[start:stop] if strand > 0 else reverse_complement(sequence[start:stop], kind)
            for start, stop, strand in self.pieces()
        )

    def reversed(self, length: int) -> Feature:
        """Return the same feature as the other strand of a sequence of that length counts it."""
        turned = tuple(
            Interval(length - one.stop, length - one.start, -one.strand, one.after, one.before)
            for one in self.intervals
        )
        return replace(self, intervals=turned, strand=-self.strand)

    def within(self, windows: Sequence[tuple[int, int]]) -> Feature | None:
        """Return the part inside stretches of the plus strand that are laid end to end; None where none is.

        Cut ends are marked, and the phase is that of the first base kept.
        """
        kept: list[Interval] = []
        lost = 0
        for one, (_, _, strand) in zip(self.intervals, self.pieces(), strict=True):
            found = _cut(one, windows)
            if strand < 0:
                found.reverse()
            if not kept and found:
                first = found[0]
                lost += first[1] if strand > 0 else first[2]
            elif not kept:
                lost += one.stop - one.start
            kept += [part for part, _, _ in found]
        if not kept:
            return None
        return replace(self, intervals=tuple(kept), phase=(self.phase - lost) % 3)


def coding_sequences(features: Iterable[Feature]) -> list[Feature]:
    """Return the coding sequences among features, those of type :data:`CDS`."""
    return [one for one in features if one.type == CDS]


def _cut(one: Interval, windows: Sequence[tuple[int, int]]) -> list[tuple[Interval, int, int]]:
    """Return the parts of an interval in all windows, in the order of the plus strand, each with what it lacks.

    What it lacks is the number of the interval's bases left and right of the part.
    """
    found: list[tuple[int, int, int]] = []
    offset = 0
    for start, stop in windows:
        low, high = max(one.start, start), min(one.stop, stop)
        if low < high or (one.start == one.stop and start <= one.start <= stop and not found):
            found.append((low, high, offset - start))
        offset += stop - start
    found.sort()
    starts, stops = {low for low, _, _ in found}, {high for _, high, _ in found}
    return [
        (
            one._replace(
                start=low + shift,
                stop=high + shift,
                before=one.before if low == one.start else low not in stops,
                after=one.after if high == one.stop else high not in starts,
            ),
            low - one.start,
            one.stop - high,
        )
        for low, high, shift in found
    ]
