"""Many searches in step: each asks for one thing at a time, and what all of them wait for is done together.

A search is a generator that yields an :class:`Alignment` or a :class:`~biomatrix.metrics.tm_align.search.Superposition`
and is sent what it asked for. Small operations cost NumPy their start rather than their length, so that thirty-two
alignments take little longer than one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from biomatrix.metrics.tm_align.closeness import Alike, Chains, NearAndAlike, NearOnes
from biomatrix.metrics.tm_align.dynamic import Map, Scores, align
from biomatrix.metrics.tm_align.fits import Array, Motion
from biomatrix.metrics.tm_align.search import FINE, Superposition, best_superpositions

T = TypeVar("T")

_CELLS: Final = 6_000_000
"""Cells of the tables that are filled at once; each takes two bytes."""
_PAIRS: Final = 400_000
"""Starts times pairs of the superpositions that are searched at once."""


@dataclass(frozen=True)
class Alignment:
    """An alignment that is asked for.

    Parameters
    ----------
    chains : Chains
    moved : ndarray, shape=(n, 3), dtype=float64, optional
        Where the moving chain now lies; None to leave distances aside.
    d0 : float
        Angstrom: a pair this far apart is worth one half.
    alike : float
        What the same secondary structure adds.
    gap : float
        What opening a gap adds; not positive.
    """

    chains: Chains
    moved: Array | None
    d0: float
    alike: float
    gap: float


Asked: TypeAlias = "Alignment | Superposition"
Search: TypeAlias = "Generator[Asked, Any, T]"


def run(searches: Iterable[Search[T]]) -> list[T]:
    """Return what searches come to, in their order."""
    results: dict[int, T] = {}
    under_way: dict[int, tuple[Search[T], Asked]] = {}
    for place, search in enumerate(searches):
        _go_on(place, search, None, under_way, results)
    while under_way:
        places, asked = list(under_way), [each for _, each in under_way.values()]
        for place, answer in zip(places, answers(asked), strict=True):
            _go_on(place, under_way.pop(place)[0], answer, under_way, results)
    return [results[place] for place in sorted(results)]


def _go_on(place: int, search: Search[T], answer: Any, under_way: dict[int, Any], results: dict[int, T]) -> None:
    try:
        under_way[place] = search, search.send(answer)
    except StopIteration as end:
        results[place] = end.value


def answers(asked: Sequence[Asked]) -> list[Map | tuple[float, Motion]]:
    """Return what is asked for: a map for an alignment, a score and a motion for a superposition."""
    groups: dict[object, list[int]] = {}
    for place, each in enumerate(asked):
        kind = (each.moved is None, each.alike, each.gap) if isinstance(each, Alignment) else None
        groups.setdefault(kind, []).append(place)
    found: dict[int, Any] = {}
    for group, places in groups.items():
        work: Callable[[Any], list[Any]] = best_superpositions if group is None else _align_each
        for part in _parts(places, [_size(asked[place]) for place in places]):
            found.update(zip(part, work([asked[place] for place in part]), strict=True))
    return [found[place] for place in range(len(asked))]


def _parts(places: Sequence[int], sizes: Sequence[float]) -> Iterable[list[int]]:
    """Yield the places in parts whose sizes sum to no more than one, or that are alone."""
    part: list[int] = []
    total = 0.0
    for place, size in zip(places, sizes, strict=True):
        if part and total + size > 1.0:
            yield part
            part, total = [], 0.0
        part.append(place)
        total += size
    yield part


def _size(asked: Asked) -> float:
    """Return the share of what is done at once that one takes."""
    if isinstance(asked, Alignment):
        n, m = asked.chains.size
        return n * m / _CELLS
    pairs = len(asked.moving)
    return pairs * (5 * pairs if asked.step == FINE else pairs / 8 + 6) / _PAIRS


def _align_each(asked: Sequence[Alignment]) -> list[Map]:
    """Return alignments of the same kind and gap."""
    chains = [each.chains for each in asked]
    moved = [each.moved for each in asked if each.moved is not None]
    alike = Alike(chains, asked[0].alike)
    scores: Scores = alike
    if moved:
        near = NearOnes(chains, moved, [each.d0 for each in asked])
        scores = NearAndAlike(near, alike) if asked[0].alike else near
    return align(scores, asked[0].gap)
