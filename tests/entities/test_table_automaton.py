"""A grammar laid over ids: allowed walks are the grammar's, of the asked length, closed in time, and told in ranges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.entities.automaton import Bounds
from biomatrix.entities.closing import FAR, DistanceTable
from biomatrix.entities.grammar import Grammar, one_or_more
from biomatrix.entities.table_automaton import TableAutomaton, ranges_of
from biomatrix.errors import ConfigurationError

END = 40
PAIRS = Grammar(
    transitions=np.array([[1, -1], [1, 2], [1, 1]], dtype=np.int16),
    accepting=np.array([False, True, False]),
    counted=np.array([True, False]),
)
"""Counted tokens of class 0; after the first, one of class 1 owes one more token of any class."""
IDS = np.array([3, 4, 5, 9, 20, 21], dtype=np.int64)
CLASSES = np.array([0, 0, 0, 1, 1, 0])


def automaton(grammar: Grammar = PAIRS, classes: NDArray[np.int64] = CLASSES) -> TableAutomaton:
    return TableAutomaton("pairs", 39, END, IDS, classes, grammar)


def walk(guide: TableAutomaton, bounds: Bounds, seed: int) -> list[int]:
    generator = np.random.default_rng(seed)
    states = guide.start(bounds)[None]
    ids: list[int] = []
    while not guide.finished(states)[0]:
        (ranges,) = guide.allowed(states)
        options = np.concatenate([np.arange(*span) for span in ranges])
        needed = int(guide.tokens_to_close(states)[0])
        ids.append(int(generator.choice(options)))
        states = guide.advance(states, np.array(ids[-1:]))
        assert int(guide.tokens_to_close(states)[0]) >= needed - 1
    return ids


@pytest.mark.parametrize("length", [None, 1, 2, 9])
@pytest.mark.parametrize("budget", [19, 30])
def test_random_walks_keep_to_grammar_length_and_budget(length: int | None, budget: int) -> None:
    guide, class_of = automaton(), dict(zip(IDS.tolist(), CLASSES.tolist(), strict=True))
    for seed in range(30):
        *inside, last = walk(guide, Bounds(budget, length), seed)
        assert last == END
        assert len(inside) + 1 <= budget
        state = PAIRS.start
        for id_ in inside:
            state = int(PAIRS.transitions[state, class_of[id_]])
            assert state >= 0
        assert PAIRS.accepting[state]
        if length is not None:
            assert sum(class_of[id_] == 0 for id_ in inside) == length


def test_every_walk_that_fits_is_allowed() -> None:
    """Nothing is forbidden that could still be closed: in three tokens, all strings of the grammar are reached."""
    guide = automaton()
    reached: set[tuple[int, ...]] = set()
    pending = [(guide.start(Bounds(4))[None], ())]
    while pending:
        states, ids = pending.pop()
        if guide.finished(states)[0]:
            reached.add(ids[:-1])
            continue
        for start, stop in guide.allowed(states)[0]:
            for id_ in range(start, stop):
                pending.append((guide.advance(states, np.array([id_])), (*ids, id_)))  # type: ignore[arg-type]
    counted, owing = [3, 4, 5, 21], [9, 20]
    expected = {(a,) for a in counted} | {(a, b) for a in counted for b in counted}
    expected |= {(a, b, c) for a in counted for b in [*counted, *owing] for c in [*counted, *owing]
                 if (b in counted and c in counted) or b in owing}  # fmt: skip
    assert reached == expected


def test_a_batch_is_its_rows() -> None:
    guide = automaton()
    rows = [guide.start(Bounds(30)), guide.start(Bounds(5, 2)), guide.start(Bounds(2))]
    states = np.stack(rows)
    for ids in ([3, 4, 5], [9, 3, END]):
        together, alone = guide.allowed(states), [guide.allowed(row[None])[0] for row in states]
        assert all(np.array_equal(a, b) for a, b in zip(together, alone, strict=True))
        chosen = np.array(ids)
        following = guide.advance(states, chosen)
        each = [guide.advance(row[None], chosen[[i]])[0] for i, row in enumerate(states)]
        np.testing.assert_array_equal(following, np.stack(each))
        states = following
    assert guide.finished(states).tolist() == [False, False, True]
    assert len(guide.allowed(states)[2]) == 0
    assert guide.tokens_to_close(states).tolist() == [2, 1, 0]


def test_rows_of_any_length_are_the_same_beside_rows_of_a_length() -> None:
    generator = np.random.default_rng(4)
    for _ in range(20):
        guide = automaton()
        free = np.stack([guide.start(Bounds(int(generator.integers(3, 40)))) for _ in range(5)])
        beside = guide.start(Bounds(60, (1, 50)))[None]  # makes the batch one of mixed lengths
        while True:
            mixed = np.concatenate([free, beside])
            alone, together = guide.allowed(free), guide.allowed(mixed)
            for one, other in zip(alone, together[:-1], strict=True):
                np.testing.assert_array_equal(one, other)
            assert guide.tokens_to_close(mixed)[:-1].tolist() == guide.tokens_to_close(free).tolist()
            if guide.finished(free).all():
                break
            going = ~guide.finished(free)
            free = free[going]
            kept = [ranges for ranges, goes in zip(alone, going, strict=True) if goes]
            ids = np.array([int(generator.choice(np.concatenate([np.arange(*span) for span in one]))) for one in kept])
            following = guide.advance(np.concatenate([free, beside]), np.append(ids, IDS[0]))
            free = guide.advance(free, ids)
            np.testing.assert_array_equal(following[:-1], free)
            beside = guide.start(Bounds(60, (1, 50)))[None]


def test_equal_sets_are_one_object() -> None:
    guide = automaton()
    states = np.stack([guide.start(Bounds(30)), guide.start(Bounds(12))])
    first, second = guide.allowed(states)
    assert first is second
    assert first.tolist() == [[3, 6], [21, 22]]
    assert guide.allowed(guide.advance(states, np.array([3, 4])))[0].tolist() == [[3, 6], [9, 10], [20, 22], [40, 41]]


def test_classes_without_a_token_are_no_way_on() -> None:
    only_first = automaton(classes=np.zeros(len(IDS), dtype=np.int64))
    assert only_first.allowed(only_first.advance(only_first.start(Bounds(9))[None], np.array([3])))[0][-1].tolist() == [
        END,
        END + 1,
    ]
    only_second = automaton(classes=np.ones(len(IDS), dtype=np.int64))
    with pytest.raises(ConfigurationError, match="too few tokens of pairs"):
        only_second.start(Bounds(100))


def test_bounds_that_cannot_be_kept_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="length of at least 1"):
        automaton().start(Bounds(100, 0))
    with pytest.raises(ConfigurationError, match="at least 11 tokens"):
        automaton().start(Bounds(5, 10))
    with pytest.raises(ConfigurationError, match="no exact length"):
        automaton(one_or_more(counted=False), np.zeros(6, dtype=np.int64)).start(Bounds(100, 5))
    with pytest.raises(ConfigurationError, match="not a length"):
        automaton().start(Bounds(100, -1))


def test_closing_distances_of_a_small_grammar() -> None:
    transitions = np.array([[1, -1], [1, 2], [1, 1]])
    table = DistanceTable(transitions, np.array([False, True, False]), np.array([True, False]))
    assert table.free.tolist() == [1, 0, 1]
    assert table.exact(2)[0].tolist() == [FAR, 0, 1]
    assert table.exact(2)[2].tolist() == [2, 2, 2]
    longer = table.exact(6)
    np.testing.assert_array_equal(longer[:3], table.exact(2)[:3])
    assert longer[6].tolist() == [6, 6, 6]
    assert table.at_least(2)[:3].tolist() == [[1, 0, 1], [1, 1, 1], [2, 2, 2]]
    least, most = np.array([[0, 0], [2, 0]]), np.array([[-1, 0], [2, -1]])
    assert table.at(np.array([[0, 2], [1, 1]]), least, most).tolist() == [[1, 1], [2, 0]]


def random_grammar(generator: np.random.Generator) -> Grammar:
    """Return a grammar of up to four states and three classes of tokens, some of which count, one or several."""
    states, classes = int(generator.integers(1, 5)), int(generator.integers(1, 4))
    transitions = generator.integers(-1, states, (states, classes)).astype(np.int16)
    counted: NDArray[Any] = generator.random(classes) < 0.6
    counted[0] = True
    accepting = generator.random(states) < 0.4
    if generator.random() < 0.5:
        counted = counted * generator.integers(1, 4, classes)
    return Grammar(transitions, accepting, counted)


def words_of(grammar: Grammar, bounds: Bounds) -> set[tuple[int, ...]]:
    """Return every string of classes that fits the bounds, by trying all of them."""
    least, most = bounds.range or (0, 1 << 30)
    found = set()
    pending: list[tuple[int, int, tuple[int, ...]]] = [(grammar.start, 0, ())]
    while pending:
        state, count, word = pending.pop()
        if grammar.accepting[state] and least <= count <= most:
            found.add(word)
        if len(word) + 1 == bounds.budget:
            continue
        for column, following in enumerate(grammar.transitions[state].tolist()):
            if following >= 0:
                pending.append((following, count + int(grammar.counted[column]), (*word, column)))
    return found


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("length", [None, 2, (0, 2), (1, 3), (2, 5), (3, 99), (0, 0)])
def test_ranges_of_lengths_allow_exactly_the_words_that_fit(seed: int, length: int | tuple[int, int] | None) -> None:
    """On small grammars all walks are taken: none ends dead, none is too long, and every word that fits is reached."""
    grammar = random_grammar(np.random.default_rng(seed))
    classes = len(grammar.counted)
    guide = TableAutomaton("words", 98, 99, np.arange(classes), np.arange(classes), grammar)
    for budget in (1, 3, 6):
        bounds = Bounds(budget, length)
        expected = words_of(grammar, bounds)
        try:
            pending = [(guide.start(bounds)[None], ())]
        except ConfigurationError:
            assert not expected
            continue
        assert guide.tokens_to_close(pending[0][0]).tolist() == [min(map(len, expected)) + 1]
        reached: set[tuple[int, ...]] = set()
        while pending:
            states, word = pending.pop()
            if guide.finished(states)[0]:
                reached.add(word[:-1])
                continue
            options = [id_ for span in guide.allowed(states)[0] for id_ in range(*span)]
            assert options, "a dead end"
            for id_ in options:
                pending.append((guide.advance(states, np.array([id_])), (*word, id_)))  # type: ignore[arg-type]
        assert reached == expected


def test_a_range_that_the_budget_ends_is_open() -> None:
    guide = automaton()
    assert guide.start(Bounds(30, (5, 30))).tolist() == [0, 5, -1, 30]
    assert guide.start(Bounds(30, (5, 29))).tolist() == [0, 5, 29, 30]
    with pytest.raises(ConfigurationError, match="9 to 7 is not a length"):
        guide.start(Bounds(30, (9, 7)))


def test_ranges_cover_ids_once() -> None:
    generator = np.random.default_rng(0)
    for size in (0, 1, 7, 200):
        ids = np.unique(generator.integers(0, 300, size))
        ranges = ranges_of(ids)
        assert ranges.shape == (len(ranges), 2)
        covered = [id_ for start, stop in ranges for id_ in range(start, stop)]
        assert covered == ids.tolist()
        assert (ranges[1:, 0] > ranges[:-1, 1]).all(), "apart, so that equal sets have equal ranges"
