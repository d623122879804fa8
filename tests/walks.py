"""Walks of automata, random and exhaustive, that fail where one breaks its contract; for tests of any room."""

from __future__ import annotations

import random
from collections.abc import Hashable
from typing import Any

import numpy as np

from biomatrix.entities.automaton import Bounds

AMPLE = 4_000
"""A budget in which every segment of the tests fits."""


def options_of(automaton: Any, states: np.ndarray) -> list[int]:
    """Return the ids that may come next in one state: ascending ranges of ids that the automaton may ever allow."""
    (ranges,) = automaton.allowed(states)
    assert (ranges[:, 0] < ranges[:, 1]).all()
    assert (ranges[1:, 0] > ranges[:-1, 1]).all()
    options = [id_ for first, stop in ranges.tolist() for id_ in range(first, stop)]
    assert np.isin(options, automaton.ids).all(), "an id outside the automaton"
    return options


def to_close(automaton: Any, states: np.ndarray) -> int:
    """Return the tokens that are said to finish one state; at least one where the automaton says none."""
    if not hasattr(automaton, "tokens_to_close"):
        return 0 if automaton.finished(states)[0] else 1
    return int(automaton.tokens_to_close(states)[0])


def needed(automaton: Any, length: int | tuple[int, int] | None = None) -> int:
    """Return the smallest budget that a segment of a length starts with."""
    return to_close(automaton, automaton.start(Bounds(AMPLE, length))[None])


def random_walk(automaton: Any, bounds: Bounds, rng: random.Random, drifting: float = 0.5) -> list[int]:
    """Return the ids of one walk to its end; ``drifting`` is how often it takes what leaves most to be closed."""
    states, written = automaton.start(bounds)[None], list[int]()
    while not automaton.finished(states)[0]:
        remaining = bounds.budget - len(written)
        assert to_close(automaton, states) <= remaining, (bounds, written)
        options = options_of(automaton, states)
        assert options, f"a dead end within {bounds} behind {written}"
        tried = rng.sample(options, min(len(options), 5 if rng.random() < drifting else 1))
        following = [automaton.advance(states, np.array([id_])) for id_ in tried]
        farthest = max(range(len(tried)), key=lambda at: to_close(automaton, following[at]))
        states = following[farthest]
        written.append(tried[farthest])
        assert len(written) <= bounds.budget
    assert not options_of(automaton, states)
    return written


def explore(automaton: Any, bounds: Bounds, most: int = 60_000, *, whole: bool = True) -> int:
    """Visit every state that can be reached, check each, and return how many there are.

    What is said to finish a state is never more tokens than remain, nor, where the ``whole`` automaton is walked, fewer
    than the shortest way to its end.
    """
    start = automaton.start(bounds)[None]
    known: dict[Hashable, int] = {_key(start): 0}
    layers = [[start]]
    ways: list[dict[int, list[int]]] = []
    while layers[-1]:
        following: list[np.ndarray] = []
        ways.append({})
        for states in layers[-1]:
            assert len(layers) <= bounds.budget + 1
            remaining, number = bounds.budget - len(layers) + 1, known[_key(states)]
            options = options_of(automaton, states)
            ended = bool(automaton.finished(states)[0])
            assert bool(options) != ended, f"a dead end in {states}"
            said = to_close(automaton, states)
            assert (said == 0) if ended else (0 < said <= remaining)
            ways[-1][number] = []
            for id_ in options:
                after = automaton.advance(states, np.array([id_]))
                if _key(after) not in known:
                    known[_key(after)] = len(known)
                    assert len(known) <= most, "too many states for a test"
                    following.append(after)
                ways[-1][number].append(known[_key(after)])
        layers.append(following)
    if whole:
        _check_distances(automaton, layers, ways, known)
    return len(known)


def _check_distances(automaton: Any, layers: list[list[np.ndarray]], ways: list[Any], known: dict[Any, int]) -> None:
    shortest: dict[int, int] = {}
    for layer, here in zip(reversed(layers[:-1]), reversed(ways), strict=True):
        for states in layer:
            number = known[_key(states)]
            shortest[number] = 1 + min((shortest[after] for after in here[number]), default=-1)
            if hasattr(automaton, "tokens_to_close"):
                assert to_close(automaton, states) >= shortest[number]


def _key(states: np.ndarray) -> Hashable:
    return tuple(states[0].tolist())
