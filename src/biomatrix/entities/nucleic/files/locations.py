"""Locations of GenBank and EMBL features: ``join(complement(4..9),<12..>20)``; intervals in reading order and back.

Positions there count from 1, both ends included. Source: the INSDC feature table definition, section 3.4.
"""

from __future__ import annotations

import re
from typing import Final

from biomatrix.entities.nucleic.features import Feature, Interval
from biomatrix.entities.nucleic.files.digits import count_of
from biomatrix.errors import ParseError, UnsupportedError

_SPAN: Final = re.compile(r"(<?)(\d+)(?:(\.\.|\^)(>?)(\d+))?$")
_DEEPEST: Final = 20


def read_location(text: str, length: int) -> tuple[tuple[Interval, ...], int]:
    """Return the intervals of a location in reading order, and its strand; an interval of another strand names its own.

    Raises
    ------
    ParseError
        Broken syntax, or a position past the end.
    UnsupportedError
        A location in another record, or one that is not known exactly (``one-of``, ``12.18``).
    """
    parts = _parts("".join(text.split()), 1, length, 0)
    strand = parts[0].strand
    return tuple(one._replace(strand=0) if one.strand == strand else one for one in parts), strand


def written_location(feature: Feature, length: int) -> str:
    """Return the location of a feature of a sequence of that length as GenBank writes it."""
    strands = {strand for _, _, strand in feature.pieces()}
    if strands == {-1}:
        inner = [_span(one, length) for one in reversed(feature.intervals)]
        return f"complement({inner[0] if len(inner) == 1 else 'join(' + ','.join(inner) + ')'})"
    spans = [
        f"complement({_span(one, length)})" if strand < 0 else _span(one, length)
        for one, (_, _, strand) in zip(feature.intervals, feature.pieces(), strict=True)
    ]
    return spans[0] if len(spans) == 1 else f"join({','.join(spans)})"


def _parts(text: str, strand: int, length: int, depth: int) -> list[Interval]:
    if depth > _DEEPEST:
        raise ParseError(f"the location {text[:40]!r} is nested too deep")
    for word in ("complement", "join", "order"):
        if text.startswith(word + "(") and text.endswith(")"):
            inner = text[len(word) + 1 : -1]
            if word == "complement":
                return list(reversed(_parts(inner, -strand, length, depth + 1)))
            pieces = _split(inner)
            found = [_parts(one, strand, length, depth + 1) for one in pieces]
            return [one for part in found for one in part]
    return [_interval(text, strand, length)]


def _split(text: str) -> list[str]:
    """Return the parts between commas that stand in no bracket."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def _interval(text: str, strand: int, length: int) -> Interval:
    found = _SPAN.match(text)
    if found is None:
        if ":" in text:
            raise UnsupportedError(f"the location {text[:40]!r} lies in another record")
        if "one-of" in text or re.match(r"[<>]?[(\d]+\.\d", text):
            raise UnsupportedError(f"the location {text[:40]!r} is not known exactly")
        raise ParseError(f"no location: {text[:40]!r}")
    before, first, joint, after, last = found.groups()
    start, stop = count_of(first), count_of(last or first)
    if start is None or stop is None or start < 1 or max(start, stop) > length:
        raise ParseError(f"the location {text[:40]!r} lies past the {length} bases of the record", position=stop)
    if joint == "^":
        if stop != start + 1 and (start, stop) != (length, 1):
            raise ParseError(f"the location {text[:40]!r} is not between two bases side by side", position=start)
        return Interval(start, start, strand)
    if stop < start:
        raise ParseError(f"the location {text[:40]!r} ends before it starts; join() goes over the origin of a circle")
    return Interval(start - 1, stop, strand, bool(before), bool(after))


def _span(one: Interval, length: int) -> str:
    low, high = "<" * one.before, ">" * one.after
    if one.start == one.stop:
        inside = 0 < one.start < length
        return f"{one.start}^{one.start + 1}" if inside else f"{length}^1"  # where the ends of a circle meet
    if one.stop - one.start == 1 and not high:
        return f"{low}{one.stop}"
    return f"{low}{one.start + 1}..{high}{one.stop}"
