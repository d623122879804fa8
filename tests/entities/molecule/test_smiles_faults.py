"""Why a text is no SMILES string: said once, in few words, or what the text is instead."""

from __future__ import annotations

import pytest

from biomatrix.entities import Molecule
from biomatrix.errors import ParseError

FAULTS = {
    "CCX": "syntax error at character 3",
    "C1CC": "unclosed ring",
    "CC(C": "character",
    "CCO>>CC=O": "it is a reaction",
    "CC(=O)O.OCC>[H+]>CC(=O)OCC": "it is a reaction",
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
