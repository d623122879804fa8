"""What the fields of a nucleic acid must be, checked where it is made, so that a bad strand reaches no batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from biomatrix.entities.nucleic.features import Feature
from biomatrix.errors import ParseError

Pairs = tuple[tuple[int, int], ...]


def check_text(what: str, value: Any) -> None:
    """Refuse a name, chain identifier or sequence that is no text. Raises ParseError."""
    if not isinstance(value, str):
        raise ParseError(f"the {what} of a nucleic acid is text, not {type(value).__name__}")


def checked_strands(strands: Any, usual: int) -> int:
    """Return the number of strands, the usual one for 0. Raises ParseError for any other than 1 and 2."""
    if strands not in (0, 1, 2) or isinstance(strands, bool):
        raise ParseError(f"a nucleic acid has 1 or 2 strands, not {strands!r}")
    return int(strands) or usual


def checked_masked(intervals: Any, length: int) -> Pairs:
    """Return soft-masked stretches sorted, those that touch joined.

    Raises
    ------
    ParseError
        A stretch that is empty, past the end, or over another.
    """
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(_two_numbers("soft-masked stretch", one) for one in _listed("soft_masked", intervals)):
        if not 0 <= start < stop <= length:
            raise ParseError(f"the soft-masked stretch {start}..{stop} does not lie within {length} bases")
        if joined and start < joined[-1][1]:
            raise ParseError(f"soft-masked stretches lie over each other at {start}", position=start)
        if joined and start == joined[-1][1]:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return tuple(joined)


def checked_pairs(pairs: Any, length: int) -> Pairs:
    """Return base pairs, each with the smaller index first, sorted.

    Raises
    ------
    ParseError
        An index past the end, a base paired with itself or with two others.
    """
    found = sorted((min(one), max(one)) for one in (_two_numbers("pair", one) for one in _listed("pairs", pairs)))
    seen: dict[int, tuple[int, int]] = {}
    for pair in found:
        if not 0 <= pair[0] < pair[1] < length:
            raise ParseError(f"the pair {pair[0]}-{pair[1]} does not lie within {length} bases")
        for place in pair:
            if place in seen:
                other = seen[place]
                raise ParseError(
                    f"base {place} is in two pairs, {other[0]}-{other[1]} and {pair[0]}-{pair[1]}", position=place
                )
            seen[place] = pair
    return tuple(found)


def checked_features(features: Any, length: int) -> tuple[Feature, ...]:
    """Return features as a tuple. Raises ParseError where one is none or ends past the sequence."""
    found = tuple(_listed("features", features))
    for one in found:
        if not isinstance(one, Feature):
            raise ParseError(f"a feature is a Feature, not {type(one).__name__}")
        if one.end > length:
            raise ParseError(f"the feature {one.label} ends at {one.end}, past the {length} bases", position=one.end)
    return found


def checked_modified(modified: Any, length: int) -> tuple[tuple[int, str], ...]:
    """Return modified residues sorted by index. Raises ParseError where one is no index and name, or stands twice."""
    found = []
    for one in _listed("modified", modified):
        if not (isinstance(one, Sequence) and len(one) == 2 and isinstance(one[1], str)):
            raise ParseError(f"a modified residue is an index and a name, not {one!r}")
        found.append((_index(one[0]), one[1]))
    found.sort()
    places = [place for place, _ in found]
    if places and (places[0] < 0 or places[-1] >= length or len(set(places)) < len(places)):
        raise ParseError(f"modified residues stand at {places}, which is twice at one or past the {length} bases")
    return tuple(found)


def _listed(what: str, values: Any) -> Iterable[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ParseError(f"{what} is a sequence, not {type(values).__name__}")
    return values


def _two_numbers(what: str, one: Any) -> tuple[int, int]:
    try:
        first, second = one
    except (TypeError, ValueError) as error:
        raise ParseError(f"a {what} is two numbers, not {one!r}") from error
    return _index(first), _index(second)


def _index(value: Any) -> int:
    try:
        return int(value.__index__())
    except AttributeError as error:
        raise ParseError(f"an index is a whole number, not {value!r}") from error
