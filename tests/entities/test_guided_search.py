"""A search by several objectives: its front is that of all it saw, a refusal stops nothing, and it repeats."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from biomatrix.entities.guided_search import SearchResult, pareto_search
from biomatrix.errors import ConfigurationError, UnsupportedError

DIRECTIONS = {"high": "higher", "low": "lower"}


def sampler(count: int, seed: int) -> Iterable[tuple[int, ...]]:
    draw = random.Random(seed)
    return [tuple(draw.choices(range(10), k=6)) for _ in range(count)]


def measure(item: tuple[int, ...]) -> Mapping[str, float]:
    if item[0] == 9:
        raise UnsupportedError("begins with 9")
    return {"high": sum(item[:4]), "low": sum(item[2:]), "beside": len(set(item))}


def vary(item: tuple[int, ...], draw: random.Random) -> tuple[int, ...]:
    place = draw.randrange(len(item))
    return (*item[:place], draw.randrange(10), *item[place + 1 :])


def search(rounds: int = 8, varied: bool = True) -> SearchResult[tuple[int, ...]]:
    return pareto_search(sampler, measure, DIRECTIONS, rounds=rounds, per_round=30, vary=vary if varied else None)


def test_the_front_is_that_of_all_that_was_seen_and_the_search_repeats() -> None:
    found = search()
    points = {(c.values["high"], c.values["low"]) for c in found.seen}
    unbeaten = {p for p in points if not any(q != p and q[0] >= p[0] and q[1] <= p[1] for q in points)}
    assert {(c.values["high"], c.values["low"]) for c in found.front} == unbeaten
    assert found.refused == ("begins with 9",) * len(found.refused) != ()
    assert len({c.item for c in found.seen}) + len(found.refused) + found.repeated == 8 * 30
    assert [c.item for c in search().front] == [c.item for c in found.front]


def test_varying_the_best_goes_further_than_drawing_anew() -> None:
    def best(result: SearchResult[tuple[int, ...]]) -> float:
        return float(np.mean([c.values["high"] - c.values["low"] for c in result.front]))

    assert best(search(rounds=12)) > best(search(rounds=12, varied=False))


def test_what_makes_no_search_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least one"):
        pareto_search(sampler, measure, {})
    with pytest.raises(ConfigurationError, match="not measured"):
        pareto_search(sampler, measure, {"beauty": "higher"})
    with pytest.raises(ConfigurationError, match="at least 1 round"):
        pareto_search(sampler, measure, DIRECTIONS, rounds=0)
