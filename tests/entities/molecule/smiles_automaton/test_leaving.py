"""Pieces that leave the current atom: the same by the state itself and by the small one that stands for it."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.entities.automaton import Bounds
from biomatrix.entities.molecule.smiles_automaton import machine as machine_module
from biomatrix.entities.molecule.smiles_automaton import menus as menus_module
from biomatrix.entities.molecule.smiles_automaton.automaton import SmilesAutomaton
from biomatrix.entities.molecule.smiles_automaton.brackets import bracket_ends
from biomatrix.entities.molecule.smiles_automaton.machine import Machine
from biomatrix.entities.molecule.smiles_automaton.pieces import Group, Node

WALKS, STEPS = 24, 40


def walks(automaton: SmilesAutomaton, ids: list[list[int]] | None = None) -> tuple[list[list[int]], list[bytes]]:
    """Return the ids of random walks, or of given ones, and what was allowed at each step."""
    random = np.random.default_rng(5)
    written: list[list[int]] = []
    menus = []
    for number in range(WALKS):
        states, row = automaton.start(Bounds(STEPS * 3))[None], []
        for step in range(STEPS):
            (ranges,) = automaton.allowed(states)
            menus.append(ranges.tobytes())
            choices = np.concatenate([np.arange(*span) for span in ranges.tolist()])
            choices = choices[choices != automaton.end_id]
            if not len(choices):
                break
            row.append(int(random.choice(choices)) if ids is None else ids[number][step])
            states = automaton.advance(states, np.array(row[-1:]))
        written.append(row)
    return written, menus


def test_one_state_stands_for_all_whose_current_atom_is_left(
    spelling: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, found = walks(SmilesAutomaton(1000, 1001, spelling))
    monkeypatch.setattr(menus_module, "leaving", lambda core: None)
    again, expected = walks(SmilesAutomaton(1000, 1001, spelling), ids)
    assert again == ids
    assert found == expected


def test_what_is_allowed_does_not_depend_on_what_is_remembered(
    spelling: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, expected = walks(SmilesAutomaton(1000, 1001, spelling))
    monkeypatch.setattr(machine_module, "_MOST_CORES", 100)
    monkeypatch.setattr(menus_module, "_MOST", 10)
    assert walks(SmilesAutomaton(1000, 1001, spelling), ids)[1] == expected


def test_forgotten_states_are_not_held_by_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_module, "_MOST_CORES", 50)
    machine = Machine()
    first = machine.start
    held = machine.step(first, "C")
    for carbons in range(60):
        machine.read(first, "N" + "(C" * carbons)
    assert machine.start is first
    assert len(machine._cores) <= 50
    assert machine.age > 0
    assert machine.step(first, "C") is not held


def test_a_group_splits_a_trie_in_two() -> None:
    trie = Node()
    for id_, piece in enumerate(("CC", "c", "N=", "(C")):
        trie.add(piece, id_)
    inside, outside = trie.split(Group("capitals", frozenset("CN")))
    assert sorted(inside.children) == ["C", "N"]
    assert sorted(outside.children) == ["(", "c"]
    assert trie.split(Group("capitals", frozenset("CN")))[0] is inside


@pytest.mark.parametrize("text", ["[13C@@H2-2:1]", "[se+]", "[C@TH1]", "[Fe@OH30H2++:123]", "[nH]", "[H+]", "[*:1]"])
def test_every_beginning_of_a_bracket_atom_can_be_finished(text: str) -> None:
    assert all(bracket_ends(text[:stop]) for stop in range(1, len(text)))
