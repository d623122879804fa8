"""All walks of an automaton."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from biomatrix.entities.automaton import Automaton, Bounds


def options_of(automaton: Automaton, state: np.ndarray) -> list[int]:
    """Return the ids that may come next in one state."""
    (ranges,) = automaton.allowed(state[None])
    assert (ranges[:, 0] < ranges[:, 1]).all()
    assert (ranges[1:, 0] > ranges[:-1, 1]).all()
    ids = [id_ for first, stop in ranges.tolist() for id_ in range(first, stop)]
    assert set(ids) <= set(automaton.ids.tolist())
    return ids


def every_walk(automaton: Automaton, bounds: Bounds) -> Iterator[tuple[int, ...]]:
    """Yield the ids of every walk without its end token; fail at a dead end, or where the closing distance lies."""
    front = [((), automaton.start(bounds), bounds.budget)]
    while front:
        ids, state, budget = front.pop()
        needed = int(automaton.tokens_to_close(state[None])[0])
        assert 1 <= needed <= budget
        options = options_of(automaton, state)
        assert options, f"a dead end behind {ids}"
        for id_ in options:
            after = automaton.advance(state[None], np.array([id_]))[0]
            assert bool(automaton.finished(after[None])[0]) == (id_ == automaton.end_id)
            if id_ == automaton.end_id:
                assert needed == 1
                assert int(automaton.tokens_to_close(after[None])[0]) == 0
                assert not len(automaton.allowed(after[None])[0])
                yield ids
            else:
                assert int(automaton.tokens_to_close(after[None])[0]) >= needed - 1
                front.append(((*ids, id_), after, budget - 1))


@pytest.fixture(scope="session", name="every_walk")
def every_walk_fixture() -> Callable[[Automaton, Bounds], Iterator[tuple[int, ...]]]:
    """All walks of an automaton, each checked step by step."""
    return every_walk
