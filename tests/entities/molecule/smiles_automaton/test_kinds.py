"""What RDKit says of atoms agrees with what it does with molecules."""

from __future__ import annotations

import pytest

from biomatrix.entities.molecule.smiles_automaton.brackets import bracket_atom, bracket_ends
from biomatrix.entities.molecule.smiles_automaton.kinds import capacity, surroundings
from biomatrix.entities.molecule.smiles_automaton.pieces import may_stand


def test_aromatic_atoms_know_where_their_double_bonds_are() -> None:
    assert surroundings("c") == (True, True, True, False)
    assert surroundings("n") == (True, False, False, None)
    assert surroundings("o") == (False, None, None, None)
    assert surroundings("[nH]") == (False, None, None, None)
    assert surroundings("[al]") is None


@pytest.mark.parametrize(("symbol", "room"), [("C", 4), ("N", 3), ("O", 2), ("F", 1), ("S", 6), ("P", 5), ("B", 3)])
def test_capacity_is_the_largest_valence(symbol: str, room: int) -> None:
    assert capacity(symbol) == room


def test_charge_and_hydrogens_change_the_capacity() -> None:
    found = {text: bracket_atom(text) for text in ("[NH3+]", "[O-]", "[C@@H]", "[He]", "[nH]", "[H@]", "[Xx]", "[NH9]")}
    rooms = {text: atom and atom.capacity for text, atom in found.items()}
    assert rooms == {
        "[NH3+]": 1, "[O-]": 1, "[C@@H]": 3, "[He]": 0, "[nH]": 0, "[H@]": None, "[Xx]": None, "[NH9]": None,
    }  # fmt: skip


def test_a_text_that_nothing_finishes_has_no_ends() -> None:
    assert bracket_ends("[Q") == ()
    assert bracket_ends("[A")
    assert bracket_ends("[12C@@H2+")[0] == "]"


@pytest.mark.parametrize("text", ["C", "c1ccc", "](", ")cc", "nH", "@@", "[13C", "%1", "->", "l"])
def test_pieces_of_smiles_may_stand(text: str) -> None:
    assert may_stand(text)


@pytest.mark.parametrize("text", ["", "the", "==", "()", "((", "[Zz]", "C..C", ")1", "))))"])
def test_other_pieces_may_not(text: str) -> None:
    assert not may_stand(text)
