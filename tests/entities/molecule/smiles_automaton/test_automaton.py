"""Whatever the automaton allows can be finished within the bounds, and RDKit reads it."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.automaton import Bounds
from biomatrix.entities.molecule.modalities.smiles import MoleculeSmiles
from biomatrix.entities.molecule.smiles_automaton.automaton import SmilesAutomaton
from biomatrix.entities.molecule.smiles_automaton.closing import Room
from biomatrix.entities.molecule.smiles_automaton.completions import Completions
from biomatrix.errors import ConfigurationError

END = 1001


def ids_of(ranges: np.ndarray) -> list[int]:
    return [id_ for first, stop in ranges.tolist() for id_ in range(first, stop)]


def reads(smiles: str) -> bool:
    with BlockLogs():
        return Chem.MolFromSmiles(smiles) is not None


def walk(
    automaton: SmilesAutomaton, spelling: dict[int, str], bounds: Bounds, rng: random.Random, *, home: bool = False
) -> str:
    """Return a random string; ``home`` takes the shortest way out after a third of the budget."""
    states = automaton.start(bounds)[None]
    text, written = "", 0
    while not automaton.finished(states)[0]:
        ids = ids_of(automaton.allowed(states)[0])
        assert ids, f"a dead end behind {text!r} within {bounds}"
        chosen = rng.choice(ids)
        if home and written > bounds.budget // 3:
            chosen = min(
                ids, key=lambda id_: int(automaton.tokens_to_close(automaton.advance(states, np.array([id_])))[0])
            )
        states = automaton.advance(states, np.array([chosen]))
        text += "" if chosen == END else spelling[chosen]
        written += 1
    assert written <= bounds.budget
    assert not ids_of(automaton.allowed(states)[0])
    return text


@pytest.mark.parametrize("home", [False, True])
def test_random_walks_close_and_are_read(automaton: SmilesAutomaton, spelling: dict[int, str], home: bool) -> None:
    rng = random.Random(home)
    strings = [walk(automaton, spelling, Bounds(rng.randint(2, 40)), rng, home=home) for _ in range(30)]
    refused = [smiles for smiles in strings if not reads(smiles)]
    assert len(refused) <= 2, refused  # metals on aromatic atoms, above all


@pytest.mark.parametrize("length", [1, 2, 3, 7, (4, 9), 20])
def test_lengths_are_exact(automaton: SmilesAutomaton, spelling: dict[int, str], length: int | tuple[int, int]) -> None:
    rng = random.Random(5)
    least, most = (length, length) if isinstance(length, int) else length
    for _ in range(8):
        smiles = walk(automaton, spelling, Bounds(120, length), rng)
        assert least <= MoleculeSmiles().length([smiles]) <= most, smiles


def test_every_path_of_a_small_alphabet_can_be_finished(automaton: SmilesAutomaton, spelling: dict[int, str]) -> None:
    """All strings of ``c``, ``n``, ``C``, ``1``, ``=`` and brackets of branches, within eight tokens."""
    letters = [id_ for id_, text in spelling.items() if text in ("c", "n", "C", "1", "=", "(", ")")]
    front = [(automaton.start(Bounds(8))[None], "")]
    finished: list[str] = []
    while front:
        states, text = front.pop()
        allowed = ids_of(automaton.allowed(states)[0])
        assert allowed, text
        if END in allowed:
            finished.append(text)
        if len(text) < 5:
            front += [(automaton.advance(states, np.array([i])), text + spelling[i]) for i in letters if i in allowed]
    assert "C1CC1" in finished
    assert "c1cn1" not in finished
    assert [smiles for smiles in finished if not reads(smiles)] == []


@pytest.mark.parametrize(
    "smiles",
    [
        "C[C@@H](N)C(=O)O",
        "c1ccc2[nH]ccc2c1",
        "O=c1[nH]c(=O)c2nc[nH]c2n1C",
        "c1ccc(-c2ccccc2)cc1",
        "C[N+](C)(C)CC(=O)[O-]",
        "CS(=O)(=O)c1ccc2c(c1)OCO2",
        "F/C=C/F",
        "[Na+].[Cl-]",
        "c1ccc2c(c1)CCC2",
        "Clc1nnc2ccccn12",
        "CC(C)(C)c1cc[n+]([O-])cc1Br",
    ],
)
def test_real_molecules_are_inside(automaton: SmilesAutomaton, spelling: dict[int, str], smiles: str) -> None:
    assert accepts(automaton, spelling, smiles)


@pytest.mark.parametrize("smiles", ["C(", "C1CC", "c1cccc1", "cc", "C(C)(C)(C)(C)C", "[CH4]C", "F(C)C", "C11", ""])
def test_what_rdkit_refuses_is_outside(automaton: SmilesAutomaton, spelling: dict[int, str], smiles: str) -> None:
    assert not accepts(automaton, spelling, smiles)


def accepts(automaton: SmilesAutomaton, spelling: dict[int, str], smiles: str) -> bool:
    by_text = {text: id_ for id_, text in spelling.items()}
    states = automaton.start(Bounds(500))[None]
    for character in smiles:
        if by_text[character] not in ids_of(automaton.allowed(states)[0]):
            return False
        states = automaton.advance(states, np.array([by_text[character]]))
    return END in ids_of(automaton.allowed(states)[0])


@pytest.mark.parametrize("budget", [2, 3, 5, 9, 17, 30])
def test_a_known_completion_is_followed_to_its_end(
    automaton: SmilesAutomaton, spelling: dict[int, str], budget: int
) -> None:
    """Its next character is allowed at every step, and it ends within what is left."""
    rng = random.Random(budget)
    by_text = {text: id_ for id_, text in spelling.items()}
    for _ in range(6):
        states, text = automaton.start(Bounds(budget))[None], ""
        for _ in range(rng.randint(0, budget - 2)):
            chosen = rng.choice([id_ for id_ in ids_of(automaton.allowed(states)[0]) if id_ != END] or [END])
            if chosen == END:
                break
            states, text = automaton.advance(states, np.array([chosen])), text + spelling[chosen]
        core, *room = states[0][:4]
        way = Completions(automaton._machine).find(core, Room(*room))
        assert way is not None, text
        assert len(way) < room[0]
        for character in way:
            states, text = automaton.advance(states, np.array([by_text[character]])), text + character
        assert END in ids_of(automaton.allowed(states)[0]), text


def test_only_ids_of_smiles_pieces_are_candidates(automaton: SmilesAutomaton, spelling: dict[int, str]) -> None:
    held = {spelling.get(id_) for id_ in automaton.ids.tolist()}
    assert {"C", "[C@@H](", "))"} <= held
    assert not held & {"the", " ", "(("}
    assert all(first < second for first, second in pairwise(automaton.ids.tolist()))


def test_a_vocabulary_without_single_characters_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no piece for"):
        SmilesAutomaton(1000, 1001, {0: "C", 1: "cc"}).start(Bounds(10))


def test_bounds_that_hold_nothing_are_refused(automaton: SmilesAutomaton) -> None:
    with pytest.raises(ConfigurationError, match="needs at least 31 tokens"):
        automaton.start(Bounds(10, 30))
    with pytest.raises(ConfigurationError, match="at least 1"):
        automaton.start(Bounds(10, 0))
