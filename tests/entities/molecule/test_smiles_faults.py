"""What is no SMILES string is refused for what it is, never read up to the place where it stops being one."""

from __future__ import annotations

import pytest

from biomatrix.entities import Molecule
from biomatrix.errors import ParseError

STRANGE = {
    "CC\N{GRINNING FACE}": (2, "U+1F600"),
    "CC(=O)[O\N{MINUS SIGN}]": (8, "U+2212"),
    "C\N{ZERO WIDTH SPACE}CO": (1, "U+200B"),
    "CC\0O": (2, "U+0000"),
    "\N{CYRILLIC CAPITAL LETTER ES}CO": (0, "U+0421"),
}


@pytest.mark.parametrize("text", STRANGE)
def test_a_strange_character_is_refused_with_its_place(text: str) -> None:
    position, name = STRANGE[text]
    with pytest.raises(ParseError, match=f"character {name.replace('+', '[+]')}") as caught:
        Molecule.from_smiles(text)
    assert caught.value.position == position


@pytest.mark.parametrize("text", ["CC>>CO", "CC>O>CO", "[CH3:1]>>[CH3:1]O", "C->[Fe]>>C"])
def test_a_reaction_is_called_one(text: str) -> None:
    with pytest.raises(ParseError, match="a reaction, which is several molecules"):
        Molecule.from_smiles(text)


@pytest.mark.parametrize(("text", "right"), [("[D]O[D]", "[2H]"), ("C[T]", "[3H]")])
def test_an_isotope_of_hydrogen_is_told_as_smiles_writes_it(text: str, right: str) -> None:
    with pytest.raises(ParseError, match=right[1:-1]):
        Molecule.from_smiles(text)


def test_dative_bonds_and_half_characters() -> None:
    assert Molecule.from_smiles("[NH3]->[Cu]").smiles == "[NH3]->[Cu]"
    for smiles, name in (("\ud800", ""), ("C", "\udc00")):
        with pytest.raises(ParseError, match="surrogate"):
            Molecule.from_smiles(smiles, name)
