"""Wishes position by position: exactly the segments that keep them all, and never a dead end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import pytest

from biomatrix.entities.automaton import Bounds
from biomatrix.entities.constraints.language import Language, counting
from biomatrix.entities.constraints.patterns import pattern_table
from biomatrix.entities.constraints.positional import PositionalAutomaton, Wish
from biomatrix.errors import ConfigurationError

Walks = Callable[[PositionalAutomaton, Bounds], Iterator[tuple[int, ...]]]
END = 30
INSIDE = np.array([3, 4, 9, 20])
"""Three counted ids, and one that is not and may only stand between two counted ones."""
GRAMMAR = Language(
    np.array([0, 0, 0, 1]), np.array([[1, -1], [1, 2], [1, -1]], dtype=np.int32), np.array([[False, True, False]])
)
COUNTED = np.array([True, True, True, False])
LETTERS = {3: "A", 4: "C", 9: "G", 20: "-"}


def automaton(*wishes: Wish) -> PositionalAutomaton:
    guide = PositionalAutomaton("toy", 29, END, INSIDE, GRAMMAR, COUNTED)
    for wish in wishes:
        guide = guide.keeping(wish)
    return guide


def absent(pattern: str) -> Wish:
    transitions, seen = pattern_table(pattern, "ACG")
    with_gap = np.concatenate([transitions, np.arange(len(seen))[:, None]], axis=1).astype(np.int32)
    return Wish("absent", languages=(Language(np.arange(4), with_gap, ~seen[None]),))


def count(id_: int, least: int, most: int | None) -> Wish:
    high = None if most is None else np.array([most])
    return Wish("count", languages=(counting(id_ == INSIDE, np.array([least]), high),))


def share(id_: int) -> Wish:
    """Exactly half, rounded down."""

    def language(longest: int) -> Language:
        halves = np.arange(longest + 1) // 2
        return counting(id_ == INSIDE, halves, halves)

    return Wish("share", of_length=(language,))


def spelled(budget: int) -> list[str]:
    """Return everything the grammar writes within a budget, the end token among it."""
    found = []
    for length in range(1, budget):
        for letters in product("ACG-", repeat=length):
            text = "".join(letters)
            if text[0] != "-" and text[-1] != "-" and "--" not in text:
                found.append(text)
    return found


CASES = [
    ([], lambda units: True),
    ([Wish("fixed", {1: np.array([4])})], lambda units: units[1:2] == "C"),
    (
        [Wish("fixed", {0: np.array([3, 9]), 2: np.array([9])})],
        lambda units: units[:1] in ("A", "G") and units[2:3] == "G",
    ),
    ([count(4, 1, 2)], lambda units: 1 <= units.count("C") <= 2),
    ([count(4, 2, None), count(3, 0, 0)], lambda units: units.count("C") >= 2 and "A" not in units),
    ([absent("CA|GG")], lambda units: "CA" not in units and "GG" not in units),
    (
        [absent("CA"), count(3, 2, 2), Wish("fixed", {1: np.array([4])})],
        lambda units: "CA" not in units and units.count("A") == 2 and units[1:2] == "C",
    ),
    ([Wish("long", length=(2, 3)), count(9, 2, None)], lambda units: 2 <= len(units) <= 3 and units.count("G") >= 2),
]


@pytest.mark.parametrize("length", [None, 3, 4, (2, 4), (1, 2)])
@pytest.mark.parametrize("budget", [6, 7])
@pytest.mark.parametrize("case", range(len(CASES)))
def test_exactly_what_keeps_all_wishes_can_be_written(
    every_walk: Walks, case: int, budget: int, length: int | tuple[int, int] | None
) -> None:
    wishes, keeps = CASES[case]
    bounds = Bounds(budget, length)
    least, most = bounds.range or (0, budget)
    expected = {
        text for text in spelled(budget) if least <= len(text.replace("-", "")) <= most and keeps(text.replace("-", ""))
    }
    if not expected:
        with pytest.raises(ConfigurationError):
            automaton(*wishes).start(bounds)
        return
    found = ["".join(LETTERS[id_] for id_ in ids) for ids in every_walk(automaton(*wishes), bounds)]
    assert len(found) == len(set(found))
    assert set(found) == expected


@pytest.mark.parametrize("length", [3, (2, 4)])
def test_shares_follow_the_length(every_walk: Walks, length: int | tuple[int, int]) -> None:
    guide = automaton(share(3))
    found = {"".join(LETTERS[id_] for id_ in ids) for ids in every_walk(guide, Bounds(9, length))}
    least, most = Bounds(9, length).range or (0, 0)
    assert found == {
        text
        for text in spelled(8)
        if least <= len(units := text.replace("-", "")) <= most and units.count("A") == len(units) // 2
    }


def test_impossible_wishes_are_refused_when_made() -> None:
    with pytest.raises(ConfigurationError, match="fixed and count"):
        automaton(Wish("fixed", {0: np.array([3])}), count(3, 0, 0))
    with pytest.raises(ConfigurationError, match="at position 5, but the length is at most 4"):
        automaton(Wish("fixed", {4: np.array([3])})).start(Bounds(99, (2, 4)))
    with pytest.raises(ConfigurationError, match="a length must be asked for"):
        automaton(share(3)).start(Bounds(99))
    with pytest.raises(ConfigurationError, match="at least 6 tokens"):
        automaton(Wish("fixed", {4: np.array([3])})).start(Bounds(5))


def test_rows_with_other_bounds_do_not_disturb_each_other() -> None:
    guide = automaton(count(4, 1, 1))
    states = np.stack([guide.start(Bounds(9, 3)), guide.start(Bounds(9, (1, 2))), guide.start(Bounds(9))])
    alone = [guide.allowed(state[None])[0].tolist() for state in states]
    assert [ranges.tolist() for ranges in guide.allowed(states)] == alone
    ids = np.array([4, 4, 3])
    together = guide.advance(states, ids)
    for row in range(3):
        assert (guide.advance(states[row : row + 1], ids[row : row + 1]) == together[row]).all()
