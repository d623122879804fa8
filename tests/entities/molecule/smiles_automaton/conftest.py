"""Automata over small sets of pieces."""

from __future__ import annotations

import string

import pytest

from biomatrix.entities.molecule.smiles_automaton.automaton import SmilesAutomaton

SINGLE = [*string.ascii_letters, *string.digits, *"()[]=#-/\\+@.%:*"]
LONGER = [
    "CC",
    "(=O)",
    "C(=O)",
    "cc",
    "ccc",
    "nc",
    "[C@@H](",
    "])",
    ")(",
    "Cl",
    "OC",
    "[nH]",
    "+]",
    ")cc",
    "C(C)",
    "))",
]


@pytest.fixture(scope="session")
def spelling() -> dict[int, str]:
    return dict(enumerate([*SINGLE, *LONGER, "the", " ", "(("]))


@pytest.fixture(scope="session")
def automaton(spelling: dict[int, str]) -> SmilesAutomaton:
    return SmilesAutomaton(1000, 1001, spelling)
