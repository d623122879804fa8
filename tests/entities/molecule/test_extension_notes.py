"""Every field of a ChemAxon extension is read, idle, or noted as not kept."""

from __future__ import annotations

import pytest

from biomatrix.entities import Molecule
from biomatrix.errors import ParseError

NOT_KEPT = {
    "CCO |Sg:n:1:n:ht|": "groups of atoms",
    "CCO |SgD:1:pKa:4.5:::|": "groups of atoms",
    "CCO |LN:1:1.3|": "link nodes",
    "CO.c1ccccc1 |m:0:2.3.4|": "one of several places",
    "*C |$R1;$|": "labels of atoms are not kept: R1",
    "CC* |(0,0,;1,0,;2,0,),$;;_AP1$|": "labels of atoms are not kept: _AP1",
    "CCO |zz|": "'zz' of the extension",
}


@pytest.mark.parametrize("line", NOT_KEPT)
def test_what_is_not_kept_is_noted(line: str) -> None:
    assert any(NOT_KEPT[line] in note for note in Molecule.from_smiles(line).notes)


@pytest.mark.parametrize("line", ["C[CH2] |^1:1|", "C[C@H](O)F |&1:1|", "C[C@H](O)F |a:1,r|", "CN |lp:1:1|", "C |$$|"])
def test_what_is_read_bears_no_note_of_the_extension(line: str) -> None:
    assert not any("extension" in note and "racemate" not in note for note in Molecule.from_smiles(line).notes)


@pytest.mark.parametrize("line", ["CCO |SgD:1:pKa:4.5|", "CCO |(0,0|"])
def test_a_broken_extension_is_not_called_a_broken_string(line: str) -> None:
    with pytest.raises(ParseError, match=r"the ChemAxon extension .* is broken"):
        Molecule.from_smiles(line)
