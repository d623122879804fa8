"""A search for a pattern takes a bounded number of comparisons, and finds what RDKit finds within it."""

from __future__ import annotations

import time

import pytest
from rdkit import Chem

from biomatrix.entities import Molecule
from biomatrix.entities.molecule import matching
from biomatrix.entities.molecule.agreement import agree_molecules
from biomatrix.entities.molecule.constraints.fragments import Contains, Without
from biomatrix.entities.molecule.constraints.scaffold import Scaffold
from biomatrix.errors import LimitError

FULLERENE = (
    "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3c8"
    "c4c4c9c5c1c1c6c2c3c41"
)
DODECAHEDRANE = "C12C3C4C5C1C6C7C2C8C3C9C4C1C5C6C2C7C8C9C12"
PATTERNS = ["[OX2H]", "c1ccccc1", "[$(C(=O)O)]", "[!#6]~*~*", "C~C~C~C", "C.O", "[#6]1~[#6]~[#6]~[#6]~[#6]~[#6]~1"]


@pytest.mark.parametrize(
    "asked",
    [
        Without.parse("~".join("*" * 30) + "~[Xe]"),
        Contains.parse("~".join("*" * 40) + ">=2"),
        Contains.parse("[$(" + "~".join("*" * 30) + "~[Xe])]"),
        Without.parse(".".join("*" * 20) + ".[Xe]"),
        Scaffold(Molecule.from_smiles("C" * 18 + "Br")),
    ],
)
def test_a_search_without_an_end_is_cut_short(asked: Contains | Without | Scaffold) -> None:
    """Without a bound the first takes hours, some three times as long for every two wildcards."""
    cage = Molecule.from_smiles(DODECAHEDRANE if isinstance(asked, Scaffold) else FULLERENE)
    began = time.process_time()
    with pytest.raises(LimitError, match="fewer wildcards"):
        asked.fault(cage)
    assert time.process_time() - began < 10


def test_within_the_bound_the_search_is_rdkits(
    bundled_molecules: list[Molecule], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "MOST_COMPARISONS", 20_000)
    for text in PATTERNS:
        pattern = Chem.MolFromSmarts(text)
        for molecule in bundled_molecules[::5]:
            found = matching.matches_of(molecule.mol, pattern)
            assert sorted(found) == sorted(molecule.mol.GetSubstructMatches(pattern)), (text, molecule.smiles)
    for molecule in bundled_molecules[::2]:
        assert agree_molecules(molecule, molecule)[1].passed, molecule.smiles
