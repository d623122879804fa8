"""A piece judged alone may come exactly where the menu has it, whatever the room."""

from __future__ import annotations

import random

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.entities.automaton import Admitting, Bounds, States
from biomatrix.entities.molecule.counts import MoleculeCounts
from biomatrix.entities.molecule.smiles_automaton.automaton import SmilesAutomaton
from biomatrix.entities.table_automaton import inside

BOUNDS = [Bounds(60), Bounds(24), Bounds(9), Bounds(200, 12), Bounds(40, (5, 30)), Bounds(120, 40)]


@pytest.fixture(scope="module")
def nano() -> SmilesAutomaton:
    automaton = bm.load("nano").vocabulary.automaton("molecule_smiles")
    assert isinstance(automaton, SmilesAutomaton)
    return automaton


def check(automaton: SmilesAutomaton, states: States, rng: random.Random) -> np.ndarray:
    """Judge every id of one state, alone and in a random order; return those that are allowed."""
    (ranges,) = automaton.allowed(states)
    (offered,) = automaton.offered(states, [ranges])
    (drawn,) = automaton.candidates(states)
    assert inside(drawn, automaton.ids)[inside(offered, automaton.ids)].all()
    for owed, listed in ((False, ranges), (True, offered)):
        allowed = inside(listed, automaton.ids)
        alone = automaton.first_admitted(np.repeat(states, len(allowed), 0), automaton.ids[:, None], owed=owed) == 0
        assert not (alone & ~allowed).any()
        assert inside(ranges, automaton.ids).sum() == 1 or (alone == allowed).all()
        order = np.array(rng.sample(automaton.ids.tolist(), len(automaton.ids)))
        place = automaton.first_admitted(states, order[None], owed=owed)[0]
        assert place == inside(listed, order).argmax()
    return automaton.ids[inside(ranges, automaton.ids)]


def walk(automaton: SmilesAutomaton, bounds: Bounds, rng: random.Random, share: float) -> int:
    """Judge at some of the states of a walk; return how many."""
    states = automaton.start(bounds)[None]
    judged = 0
    while not automaton.finished(states)[0]:
        if rng.random() < share:
            options = check(automaton, states, rng)
            judged += 1
        else:
            options = automaton.ids[inside(automaton.allowed(states)[0], automaton.ids)]
        states = automaton.advance(states, np.array([rng.choice(options.tolist())]))
    ended = automaton.first_admitted(states, automaton.ids[None], owed=True)
    assert ended.tolist() == [-1]
    assert not len(automaton.candidates(states)[0])
    return judged


@pytest.mark.parametrize("bounds", BOUNDS, ids=str)
def test_a_piece_is_judged_as_the_menu_has_it(nano: SmilesAutomaton, bounds: Bounds) -> None:
    assert isinstance(nano, Admitting)
    rng = random.Random(str(bounds))
    assert sum(walk(nano, bounds, rng, 0.2) for _ in range(2)) > 1


@pytest.mark.parametrize("bounds", BOUNDS, ids=str)
def test_single_characters_are_judged_so_too(automaton: SmilesAutomaton, bounds: Bounds) -> None:
    rng = random.Random(str(bounds))
    assert sum(walk(automaton, bounds, rng, 0.2) for _ in range(2)) > 1


def test_where_a_text_closes_the_string_nothing_else_is_drawn_from(nano: SmilesAutomaton) -> None:
    states = nano.start(Bounds(80))[None]
    spelled = {
        piece: id_ for id_, piece in bm.load("nano").vocabulary.segment_ids("molecule_smiles").spelling().items()
    }
    for character in "C1CC":
        states = nano.advance(states, np.array([spelled[character]]))
    states, ids, _ = nano.hastened(states, np.array([nano.end_id]))
    (drawn,) = nano.candidates(states)
    assert drawn.tolist() == [[ids[0], ids[0] + 1]]
    place = nano.first_admitted(states, nano.ids[None], owed=True)[0]
    assert nano.ids[place] == ids[0]


@pytest.mark.parametrize(
    "counts",
    [MoleculeCounts(atoms=(9, 12)), MoleculeCounts(elements={"C": (4, 4), "O": (1, 1)})],
    ids=["atoms", "elements"],
)
def test_counted_strings_are_judged_so_too(automaton: SmilesAutomaton, counts: MoleculeCounts) -> None:
    counting = automaton.counting(counts)
    assert isinstance(counting, Admitting)
    rng = random.Random(3)
    states = counting.start(Bounds(90))[None]
    while not counting.finished(states)[0]:
        (ranges,) = counting.allowed(states)
        (drawn,) = counting.candidates(states)
        for _ in range(2):
            order = np.array(rng.sample(automaton.ids.tolist(), len(automaton.ids)))
            place = counting.first_admitted(states, order[None], owed=True)[0]
            assert place == inside(ranges, order).argmax()
            assert inside(drawn, order[[place]]).all()
        states = counting.advance(states, order[[place]])
    assert counting.first_admitted(states, automaton.ids[None], owed=True).tolist() == [-1]
