"""Search among what a sampler draws, by several objectives at once: a front is the answer, never one magic score.

A sampler is anything that draws candidates: a model asked again and again under its constraints, or a function. Where
candidates can be varied (a codon for its synonym), rounds after the first vary the best of what was seen (NSGA-II's
choice: front by front, the least crowded first), so that the search moves; else they draw anew.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.metrics import pareto

T = TypeVar("T", bound=Hashable)

Direction = Literal["higher", "lower"]
Sampler = Callable[[int, int], Iterable[T]]
"""Draws so many candidates with a seed."""


@dataclass(frozen=True)
class Candidate(Generic[T]):
    """One that was looked at.

    Parameters
    ----------
    item : object
    values : mapping of str to float
        Everything that was measured, the objectives of the search among it.
    round : int
        In which it was found, from 0.
    """

    item: T
    values: Mapping[str, float]
    round: int


@dataclass(frozen=True)
class SearchResult(Generic[T]):
    """What a search found.

    Parameters
    ----------
    front : tuple of Candidate
        Those that no other beats, sorted by the first objective, best first.
    seen : tuple of Candidate
        All distinct ones, in the order they were found.
    repeated : int
        How many were drawn that had been seen before.
    refused : tuple of str
        Why candidates were not measured.
    """

    front: tuple[Candidate[T], ...]
    seen: tuple[Candidate[T], ...]
    repeated: int
    refused: tuple[str, ...]


@dataclass
class _Pool(Generic[T]):
    measure: Callable[[T], Mapping[str, float]]
    directions: Mapping[str, Direction]
    seen: dict[T, Candidate[T]] = field(default_factory=dict)
    refused: dict[T, str] = field(default_factory=dict)
    repeated: int = 0

    def take(self, items: Iterable[T], number: int) -> None:
        for item in items:
            if item in self.seen or item in self.refused:
                self.repeated += 1
                continue
            try:
                values = self.measure(item)
            except BioMatrixError as error:
                self.refused[item] = str(error)
                continue
            lacking = [name for name in self.directions if name not in values]
            if lacking:
                raise ConfigurationError(f"{lacking[0]!r} is an objective of the search and is not measured")
            self.seen[item] = Candidate(item, values, number)

    def table(self) -> NDArray[np.float64]:
        """Return the objectives by candidate with less as better, ``float64 [N, M]``."""
        signs = [-1.0 if direction == "higher" else 1.0 for direction in self.directions.values()]
        rows = [[candidate.values[name] for name in self.directions] for candidate in self.seen.values()]
        return np.array(rows, dtype=np.float64).reshape(-1, len(signs)) * signs


def pareto_search(
    sampler: Sampler[T],
    measure: Callable[[T], Mapping[str, float]],
    directions: Mapping[str, Direction],
    *,
    rounds: int = 10,
    per_round: int = 50,
    seed: int = 0,
    vary: Callable[[T, random.Random], T] | None = None,
) -> SearchResult[T]:
    """Return the front of what a sampler draws.

    Parameters
    ----------
    sampler : callable
        (how many, seed) to that many candidates, which are hashable and equal where they are the same.
    measure : callable
        Of a candidate: its numbers by name. A BioMatrixError refuses the candidate and is told in the answer.
    directions : mapping of str to {"higher", "lower"}
        The objectives of the search. A candidate with a NaN among them is never on the front.
    rounds, per_round : int
    seed : int
    vary : callable, optional
        (candidate, random numbers) to a neighbour of it. Where given, rounds after the first vary the best so far.

    Raises
    ------
    ConfigurationError
        No objective, no direction of one, no round or candidate, or an objective that ``measure`` does not give.
    """
    if not directions or any(direction not in ("higher", "lower") for direction in directions.values()):
        raise ConfigurationError(f"directions are 'higher' or 'lower' by objective, at least one: {dict(directions)}")
    if rounds < 1 or per_round < 1:
        raise ConfigurationError(f"a search takes at least 1 round of 1 candidate, not {rounds} of {per_round}")
    pool, draw = _Pool(measure, directions), random.Random(seed)
    pool.take(sampler(per_round, seed), 0)
    for number in range(1, rounds):
        if vary is None or not pool.seen:
            pool.take(sampler(per_round, seed + number), number)
            continue
        known = list(pool.seen)
        parents = [known[index] for index in pareto.chosen(pool.table(), per_round)]
        pool.take((vary(parents[turn % len(parents)], draw) for turn in range(per_round)), number)
    candidates = list(pool.seen.values())
    table = pool.table()
    best = sorted(pareto.front(table), key=lambda index: tuple(table[index]))
    return SearchResult(
        tuple(candidates[index] for index in best), tuple(candidates), pool.repeated, tuple(pool.refused.values())
    )
