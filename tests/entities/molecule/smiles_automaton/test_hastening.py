"""A string that a model ends while a ring or branch is open is closed in a short way, and only then."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem

from biomatrix.entities.automaton import Bounds, Hastening, States
from biomatrix.entities.molecule.smiles_automaton.automaton import SmilesAutomaton

OPEN = ["C1CC", "c1cc", "CC(C", "CC(=", "C[N", "c1cc2cc", "C1CC(C2", "C1CC(N2CC"]


def state_of(automaton: SmilesAutomaton, spelling: dict[int, str], text: str, bounds: Bounds) -> States:
    """Return the state, ``object [1, k]``, after a text is written by single characters."""
    letters = {piece: id_ for id_, piece in spelling.items() if len(piece) == 1}
    states = automaton.start(bounds)[None]
    for character in text:
        states = automaton.advance(states, np.array([letters[character]]))
    return states


def offers_end(automaton: SmilesAutomaton, states: States) -> bool:
    (ranges,) = automaton.offered(states, automaton.allowed(states))
    return bool(((ranges[:, 0] <= automaton.end_id) & (automaton.end_id < ranges[:, 1])).any())


@pytest.mark.parametrize("text", OPEN)
def test_an_owed_end_closes_what_is_open(automaton: SmilesAutomaton, spelling: dict[int, str], text: str) -> None:
    assert isinstance(automaton, Hastening)
    states = state_of(automaton, spelling, text, Bounds(60))
    assert offers_end(automaton, states)
    states, ids, drew = automaton.hastened(states, np.array([automaton.end_id]))
    assert drew.all()
    assert ids[0] != automaton.end_id
    closing = 0
    while ids[0] != automaton.end_id:
        text += spelling[int(ids[0])]
        closing += 1
        assert automaton.tokens_to_close(automaton.advance(states, ids))[0] == automaton.tokens_to_close(states)[0] - 1
        states = automaton.advance(states, ids)
        (ranges,) = automaton.offered(states, automaton.allowed(states))
        assert (ranges[:, 1] - ranges[:, 0]).tolist() == [1]
        ids = ranges[:, 0]
    assert automaton.finished(automaton.advance(states, ids)).all()
    assert Chem.MolFromSmiles(text) is not None, text
    assert closing <= 12


@pytest.mark.parametrize(("text", "length"), [("", None), ("CCO", None), ("C1CC", 8), ("CC(C", (6, 9))])
def test_nothing_is_owed_where_the_string_may_end_or_more_is_asked(
    automaton: SmilesAutomaton, spelling: dict[int, str], text: str, length: int | tuple[int, int] | None
) -> None:
    states = state_of(automaton, spelling, text, Bounds(60, length))
    allowed = automaton.allowed(states)
    assert automaton.offered(states, allowed)[0] is allowed[0]


def test_what_was_drawn_otherwise_stays(automaton: SmilesAutomaton, spelling: dict[int, str]) -> None:
    states = np.concatenate([state_of(automaton, spelling, text, Bounds(60)) for text in ("C1CC", "CCO")])
    carbon = next(id_ for id_, piece in spelling.items() if piece == "C")
    after, ids, drew = automaton.hastened(states, np.array([carbon, automaton.end_id]))
    assert not drew.any()
    assert ids.tolist() == [carbon, automaton.end_id]
    assert (after == states).all()
