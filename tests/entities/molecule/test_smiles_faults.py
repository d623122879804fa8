"""Why a text is no SMILES string: said once, in few words, or what the text is instead."""

from __future__ import annotations

import pytest

from biomatrix.entities import Molecule
from biomatrix.errors import ParseError

FAULTS = {
    "CCX": "syntax error at character 3",
    "C1CC": "unclosed ring",
    "CC(C": "character",
    "aspirin": "it is a name or a word",
    "Name": "it is a name or a word",
    "row_id": "it is a name or a word",
    "CC(C)(C)(C)C": "Explicit valence for atom # 1 C, 5, is greater than permitted",
    "c1cccc1": "Can't kekulize mol",
}


@pytest.mark.parametrize("text", FAULTS)
def test_the_reason_is_short_and_true(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        Molecule.from_smiles(text)
    reason = caught.value.message
    assert FAULTS[text] in reason
    assert reason.count(text) == 1, reason
    assert len(reason) < 140, reason


@pytest.mark.parametrize("text", ["CC(=O)O", "[Na+].[Cl-]", "[Se]", "c1ccc[se]1", "[CH2-]-[NH+]=C", "C[C@H](N)O"])
def test_what_rdkit_reads_is_never_called_something_else(text: str) -> None:
    assert Molecule.from_smiles(text).num_atoms


def test_names_of_elements_in_brackets_make_no_word() -> None:
    with pytest.raises(ParseError, match="unclosed ring"):
        Molecule.from_smiles("[Na]C1[Si]")


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
