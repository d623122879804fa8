"""What surely follows from a part that a molecule must have: held against molecules that have it."""

from __future__ import annotations

import pytest
from rdkit import Chem

from biomatrix.entities.molecule.parts import Part

MOLECULES = [
    "c1ccccc1-c1ccccc1",
    "Cc1ccncc1",
    "O=c1cccc[nH]1",
    "CC(=O)NC",
    "C1CCC1C1CC1",
    "c1ccc2c(c1)CC2",
    "CC[NH3+]",
    "C[N+](C)(C)CC(=O)[O-]",
    "N#CC1CC1",
    "ClCCBr",
    "CS(=O)(=O)c1cc[n+](C)cc1",
    "FC(F)(F)C(O)CC",
    "O=C1C=CC(=O)C=C1",
]
PATTERNS = [
    "C",
    "c",
    "[#6]",
    "n",
    "N",
    "C=O",
    "[#6]=O",
    "C~C",
    "c:n",
    "c:c",
    "[R]",
    "[C;R]",
    "O",
    "[O-]",
    "Cl",
    "[F,Cl]",
]
PARTS = ["CC", "C=O", "c1ccncc1", "C1CCC1", "CC(=O)N", "C#N", "CN", "CCl", "[NH3+]", "C[N+]", "F", "O"]


@pytest.mark.parametrize("part", PARTS)
def test_what_follows_from_a_part_is_in_every_molecule_that_has_it(part: str) -> None:
    fragment, pattern = Chem.MolFromSmiles(part), Chem.MolFromSmarts(part)
    for known, query in (
        (Part.of_molecule(fragment, part), fragment),
        (Part.of_pattern(pattern, part), pattern),
    ):
        molecules = [mol for mol in map(Chem.MolFromSmiles, MOLECULES) if mol.HasSubstructMatch(query)]
        for text in PATTERNS:
            smarts = Chem.MolFromSmarts(text)
            if known.implies(Part.of_pattern(smarts, text)):
                assert all(mol.HasSubstructMatch(smarts) for mol in molecules), text


@pytest.mark.parametrize(
    ("part", "text", "certain"),
    [
        ("CC", "C", False),  # biphenyl has two carbons joined by a single bond
        ("CCC", "C", True),
        ("C=O", "C", False),  # pyridone
        ("CC(=O)N", "C=O", True),
        ("CC", "[CH3]", False),
        ("C1CCC1", "[R]", True),
        ("CN", "[N+]", False),
        ("CCl", "[F,Cl]", True),
        ("c1ccncc1", "c1ccncc1", True),
        ("c1ccncc1", "cccccccc", False),
    ],
)
def test_of_a_molecule_only_what_no_decoration_changes_is_certain(part: str, text: str, certain: bool) -> None:
    known = Part.of_molecule(Chem.MolFromSmiles(part), part)
    assert known.implies(Part.of_pattern(Chem.MolFromSmarts(text), text)) is certain


def test_what_a_part_takes_is_counted() -> None:
    ring = Part.of_molecule(Chem.MolFromSmiles("c1ccc2[nH]ccc2c1"), "indole")
    assert (dict(ring.elements), ring.rings, dict(ring.bond_kinds)) == ({"C": 8, "N": 1}, 2, {"aromatic": 10})
    pattern = Part.of_pattern(Chem.MolFromSmarts("[F]"), "[F]", 3)
    assert dict(pattern.elements) == {"F": 3}
    assert not Part.of_pattern(Chem.MolFromSmarts("[F,Cl]"), "").elements
