"""Open reading frames: what a strand could code for, from a start to the next stop in its frame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from biomatrix.entities.nucleic.bases import as_dna, reverse_complement
from biomatrix.entities.nucleic.features import Feature, Interval
from biomatrix.entities.nucleic.genetic_code import GeneticCode
from biomatrix.errors import UnsupportedError

if TYPE_CHECKING:
    from biomatrix.entities.nucleic.entity import NucleicAcid


def open_frames(entity: NucleicAcid, code: GeneticCode, shortest: int) -> Iterator[Feature]:
    """Yield the open reading frames of at least that many codons, by strand, then by place."""
    if not code.stops:
        raise UnsupportedError(f"genetic code {code.table} has no codon that is always a stop, so no frame has an end")
    length = len(entity)
    for strand in (1, -1)[: entity.strands]:
        letters = entity.sequence if strand > 0 else reverse_complement(entity.sequence, entity.base_kind)
        read = as_dna(letters)
        found = _circular(read, code) if entity.circular else _frames(read, code)
        for start, stop in sorted(found):
            if stop - start > 3 * shortest:
                yield Feature("ORF", _intervals(start, stop, length, strand), strand, 0, code.table)


def _circular(letters: str, code: GeneticCode) -> Iterator[tuple[int, int]]:
    """Yield the frames along a circle, of those with one stop the longest; one that goes round has no start."""
    length = len(letters)
    longest: dict[int, tuple[int, int]] = {}
    for start, stop in _frames(letters * 2, code):
        known = longest.get(stop % length)
        if stop - start <= length and (known is None or stop - start > known[1] - known[0]):
            turns = start // length * length
            longest[stop % length] = (start - turns, stop - turns)
    return iter(longest.values())


def _frames(letters: str, code: GeneticCode) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of the frames along letters of DNA, in no order; each from its first start on."""
    marks = re.compile(f"(?=({'|'.join(sorted(code.starts | code.stops))}))")
    opened: list[int | None] = [None, None, None]
    for found in marks.finditer(letters):
        place, codon = found.start(), found.group(1)
        frame = place % 3
        begun = opened[frame]
        if codon not in code.stops:
            opened[frame] = place if begun is None else begun
        else:
            if begun is not None:
                yield begun, place + 3
            opened[frame] = None


def _intervals(start: int, stop: int, length: int, strand: int) -> tuple[Interval, ...]:
    """Return a stretch of one strand, which may cross the origin, as intervals of the plus strand in reading order."""
    pieces = [(start, min(stop, length)), *([(0, stop - length)] if stop > length else [])]
    if strand < 0:
        pieces = [(length - high, length - low) for low, high in pieces]
    return tuple(Interval(low, high) for low, high in pieces)
