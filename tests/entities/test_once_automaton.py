"""Tokens that come once: no walk repeats one, none ends in a dead end, and every walk that fits is allowed."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest

from biomatrix.entities.automaton import Bounds, Spending
from biomatrix.entities.cell.modalities.expression_grammar import LAYOUTS, Layout, expression_grammar
from biomatrix.entities.grammar import Grammar, one_or_more
from biomatrix.entities.once_automaton import OnceAutomaton, without
from biomatrix.entities.table_automaton import TableAutomaton
from biomatrix.errors import ConfigurationError

END, LEVELS = 500, 3


def guide_of(layout: Layout, genes: int = 5, *, depth: bool = True) -> OnceAutomaton:
    """Return the guide of a layout over some genes, three levels and a read depth, with holes between the ids."""
    grammar = expression_grammar(layout, LEVELS, depth=depth)
    ids = np.concatenate([3 * np.arange(genes) + 7, 300 + np.arange(LEVELS), [400]])
    classes = np.concatenate([np.zeros(genes, int), 1 + np.arange(LEVELS), [1 + LEVELS]])
    table = TableAutomaton("cells", 0, END, ids, classes, grammar)
    return OnceAutomaton(table, ids[:genes])


def words(guide: OnceAutomaton, ids: list[int]) -> list[str]:
    return [f"G{id_}" if id_ < 300 else f"X{id_ - 300}" if id_ < 400 else "D" for id_ in ids]


def options_of(guide: OnceAutomaton, states: np.ndarray) -> list[int]:
    return [id_ for first, stop in guide.allowed(states)[0].tolist() for id_ in range(first, stop)]


def keeps(layout: Layout, written: list[str], length: int | tuple[int, int] | None) -> bool:
    """Whether a segment is one of the layout, told apart from the automaton."""
    body = written[1:] if written[:1] == ["D"] else written
    genes = [word for word in body if word[0] == "G"]
    levels = [int(word[1]) for word in body if word[0] == "X"]
    shape = "".join(word[0] for word in body)
    shapes = {"genes": {"G" * len(genes)}, "pairs": {"GX" * len(genes)}, "runs": set()}[layout]
    if layout == "runs":
        runs = shape.split("X")
        fits = runs[0] == "" and len(runs) > 1 and all(runs[1:]) and "D" not in shape
        fits &= all(a > b for a, b in pairwise(levels))
    else:
        fits = shape in shapes and levels == sorted(levels, reverse=True)
    least, most = (1, 99) if length is None else (length, length) if isinstance(length, int) else length
    return fits and least <= len(genes) <= most and len(genes) >= 1 and len(set(genes)) == len(genes)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("length", [None, 1, 4, 5, (2, 9)])
def test_random_walks_never_repeat_and_always_end(layout: Layout, length: int | tuple[int, int] | None) -> None:
    generator = np.random.default_rng(7)
    guide = guide_of(layout)
    for budget in (14, 40, 1 << 40):
        for _ in range(20):
            states = guide.start(Bounds(budget, length))[None]
            ids: list[int] = []
            while not guide.finished(states)[0]:
                needed = int(guide.tokens_to_close(states)[0])
                ids.append(int(generator.choice(options_of(guide, states))))
                states = guide.advance(states, np.array(ids[-1:]))
                assert int(guide.tokens_to_close(states)[0]) >= needed - 1
            assert ids.pop() == END
            assert len(ids) < budget
            assert keeps(layout, words(guide, ids), length), words(guide, ids)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("length", [None, 2])
def test_every_segment_that_fits_is_allowed(layout: Layout, length: int | None) -> None:
    guide = guide_of(layout, genes=2)
    reached: set[tuple[str, ...]] = set()
    pending: list[tuple[np.ndarray, list[int]]] = [(guide.start(Bounds(6, length))[None], [])]
    while pending:
        states, ids = pending.pop()
        if guide.finished(states)[0]:
            reached.add(tuple(words(guide, ids[:-1])))
            continue
        pending += [(guide.advance(states, np.array([id_])), [*ids, id_]) for id_ in options_of(guide, states)]
    alphabet = ["D", "X0", "X1", "X2", "G7", "G10"]
    strings = {tuple(word) for size in range(1, 6) for word in _strings(alphabet, size)}
    assert reached == {word for word in strings if keeps(layout, list(word), length)}
    assert reached


def _strings(alphabet: list[str], size: int) -> list[list[str]]:
    made: list[list[str]] = [[]]
    for _ in range(size):
        made = [[*word, letter] for word in made for letter in alphabet if letter[0] != "G" or letter not in word]
    return made


def test_what_is_spent_is_told_apart_from_what_may_come() -> None:
    guide = guide_of("genes", genes=130)
    assert isinstance(guide, Spending)
    assert not isinstance(guide_of("genes")._table, Spending)
    states = np.stack([guide.start(Bounds(200))] * 3)
    chosen = [[7, 7 + 3 * 64, 7 + 3 * 129], [10, 13, 16], [400, 7, 10]]
    for ids in zip(*chosen, strict=True):
        states = guide.advance(states, np.array(ids))
    rows, ids_ = guide.spent(states)
    assert {row: ids_[rows == row].tolist() for row in range(3)} == {0: chosen[0], 1: chosen[1], 2: [7, 10]}
    loose, exact = guide.unless_spent(states), guide.allowed(states)
    assert loose[0] is loose[1]
    for row, ranges in enumerate(exact):
        inside = {id_ for first, stop in loose[row].tolist() for id_ in range(first, stop)}
        assert {id_ for first, stop in ranges.tolist() for id_ in range(first, stop)} == inside - set(chosen[row])
    finished = guide.advance(states[:1], np.array([END]))
    assert len(guide.spent(finished)[0]) == 0
    assert len(guide.allowed(finished)[0]) == 0


def test_a_supply_that_runs_out_is_foreseen() -> None:
    """With as many genes as are asked for, each order of them is reached; one more is refused with the number."""
    guide = guide_of("genes", genes=3, depth=False)
    reached = set()
    for order in permutations([7, 10, 13]):
        states = guide.start(Bounds(99, 3))[None]
        for id_ in order:
            assert id_ in options_of(guide, states)
            states = guide.advance(states, np.array([id_]))
        assert options_of(guide, states) == [END]
        reached.add(order)
    assert len(reached) == 6
    with pytest.raises(ConfigurationError, match="the vocabulary holds 3"):
        guide.start(Bounds(99, 4))
    with pytest.raises(ConfigurationError, match="needs at least 4 tokens"):
        guide.start(Bounds(3, 3))


def test_ranges_with_holes() -> None:
    ranges = np.array([[3, 6], [9, 12]])
    assert without(ranges, np.array([3, 5, 10])).tolist() == [[4, 5], [9, 10], [11, 12]]
    assert without(ranges, np.array([3, 4, 5])).tolist() == [[9, 12]]


def test_a_grammar_says_what_it_cannot_write_once() -> None:
    plain = one_or_more(counted=True)
    with pytest.raises(ConfigurationError, match="those that count"):
        Grammar(plain.transitions, plain.accepting, np.array([False]), once=np.array([True]))
    with pytest.raises(ConfigurationError, match="alike"):
        Grammar(np.array([[1, -1], [1, 1]], np.int16), plain.accepting, np.array([True] * 2), once=np.array([True] * 2))
