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
        found = _frames(read * 2, code, length) if entity.circular else _frames(read, code, 0)
        for start, stop in sorted(found):
            if stop - start > 3 * shortest:
                yield Feature("ORF", _intervals(start, stop, length, strand), strand, 0, code.table)


def _frames(letters: str, code: GeneticCode, turn: int) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of the frames along letters of DNA, in no order; each from its first start on.

    ``turn`` is the length of a circle that the letters go round twice, 0 for a line: each frame then ends in the second
    turn and is no longer than one, so that what precedes it is known.
    """
    marks = re.compile(f"(?=({'|'.join(sorted(code.starts | code.stops))}))")
    opened: list[list[int]] = [[], [], []]
    for found in marks.finditer(letters):
        place = found.start()
        begun = opened[place % 3]
        if found.group(1) not in code.stops:
            if turn or not begun:
                begun.append(place)
            continue
        stop = place + 3
        start = next((one for one in begun if not turn or stop - one <= turn), None)
        if start is not None and stop > turn:
            back = turn if start >= turn else 0
            yield start - back, stop - back
        opened[place % 3] = []


def _intervals(start: int, stop: int, length: int, strand: int) -> tuple[Interval, ...]:
    """Return a stretch of one strand, which may cross the origin, as intervals of the plus strand in reading order."""
    pieces = [(start, min(stop, length)), *([(0, stop - length)] if stop > length else [])]
    if strand < 0:
        pieces = [(length - high, length - low) for low, high in pieces]
    return tuple(Interval(low, high) for low, high in pieces)
