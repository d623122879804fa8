"""Wishes about molecules: read, refused at the place at fault, and judged by RDKit on the finished molecule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from biomatrix.entities import Molecule
from biomatrix.entities.automaton import Bounds
from biomatrix.entities.constraint import Constraint
from biomatrix.entities.kind_registry import kind, load_attribute
from biomatrix.entities.molecule.constraints.elements import Elements
from biomatrix.entities.molecule.constraints.fragments import Contains
from biomatrix.entities.molecule.constraints.sizes import Atoms
from biomatrix.entities.molecule.counts import MoleculeCounts
from biomatrix.entities.molecule.smiles_automaton.counting.automaton import CountingSmilesAutomaton
from biomatrix.entities.protein.entity import Protein
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.generation.constraint_registry import checked_constraints
from biomatrix.generation.requests import Request

CASES = [
    ("elements=C2O1", ["CCO", "COC"], ["CCOC", "CCN", "CC(=O)O", "CCO.F"]),
    ("elements=C1-2,O<=1,N>=1", ["CN", "CNC", "OCN"], ["CCCN", "CCO", "OCNO", "CNF"]),
    ("elements=C8,+", ["CCCCCCCC", "CCCCCCCCF"], ["CCCCCCC"]),
    ("elements=CO", ["CO"], ["CCO"]),
    ("elements=+,F2", ["FCF"], ["CF"]),
    ("formula=C2H6O", ["CCO", "COC"], ["CC=O", "CCOC", "C[O+]C"]),
    ("formula=C2H3O2-", ["CC(=O)[O-]"], ["CC(=O)O"]),
    ("elements=C2", ["C=C"], ["[CH2]C", "[C][CH3]"]),
    ("formula=CH3", [], ["[CH3]"]),
    ("radicals=1", ["[CH3]", "[N]=O"], ["C", "[CH2]"]),
    ("radicals=<=2", ["C", "[CH2]"], ["[CH]"]),
    ("atoms=3", ["CCO", "[2H]CCO"], ["CC", "CCOC"]),
    ("atoms=2-3", ["CC", "CCO"], ["C", "CCCC"]),
    ("rings=1", ["C1CC1"], ["CCC", "C12CC1C2"]),
    ("bonds=single:2,double:1,triple:0", ["CC(=O)O", "C=CC.C.CC"], ["CCO", "CC(=O)OC"]),
    ("bonds=aromatic:6,rotatable:1", ["CCc1ccccc1"], ["Cc1ccccc1", "C1CCCCC1CC"]),
    ("contains=[OX2H]", ["CCO"], ["CC=O"]),
    ("contains=[OX2H]>=2", ["OCCO"], ["CCO"]),
    ("contains=[OX2H] == 1", ["CCO"], ["OCCO", "CC"]),
    ("contains=C1CCCCC=1", ["C1CCCCC=1"], ["C1CCCCC1"]),
    ("without=[N+](=O)[O-]", ["CCO"], ["CC[N+](=O)[O-]"]),
    ("scaffold=c1ccc2[nH]ccc2c1", ["NCCc1c[nH]c2ccccc12"], ["c1ccccc1", "c1ccc2occc2c1"]),
    ("charge=0", ["CCO", "[NH3+]CC(=O)[O-]"], ["[Na+]"]),
    ("charge=-2", ["[O-]C(=O)C(=O)[O-]"], ["CC(=O)[O-]"]),
    ("connected=yes", ["CCO"], ["C.C"]),
    ("connected=2", ["C.C"], ["CC"]),
    ("similar=CC(=O)Oc1ccccc1C(=O)O>=0.4", ["CC(=O)Oc1ccccc1C(=O)OC"], ["CCO"]),
]


def read(text: str) -> Constraint:
    name, _, value = text.partition("=")
    constraint: Constraint = load_attribute(kind("molecule").constraints[name]).parse(value)
    assert constraint.name == name
    return constraint


@pytest.mark.parametrize(("text", "kept", "broken"), CASES)
def test_a_finished_molecule_is_judged_exactly(text: str, kept: list[str], broken: list[str]) -> None:
    constraint = read(text)
    assert [constraint.fault(Molecule.from_smiles(smiles)) for smiles in kept] == [None] * len(kept)
    assert all(constraint.fault(Molecule.from_smiles(smiles)) for smiles in broken)
    assert "asks for a molecule" in str(constraint.fault(Protein("MK")))


def test_every_registered_constraint_reads_its_example() -> None:
    for name, home in kind("molecule").constraints.items():
        constraint = load_attribute(home)
        assert constraint.help
        assert isinstance(read(f"{name}={constraint.example}"), constraint)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("elements=C8,Q1", 3),
        ("elements=C8,h2", 3),
        ("elements=C8H2", 0),
        ("elements=", 0),
        ("elements=C2,C3", 3),
        ("elements=C9-2", 0),
        ("formula=C2H6o", 0),
        ("atoms=many", 0),
        ("bonds=single:2,quadruple:1", 9),
        ("bonds=single:2,double", 16),
        ("contains=[C", 0),
        ("contains=", 0),
        ("charge=neutral", 0),
        ("connected=perhaps", 0),
        ("similar=CCO>=high", 5),
        ("similar=CCO>=2", 5),
    ],
)
def test_bad_values_are_refused_at_their_place(text: str, position: int) -> None:
    with pytest.raises(ParseError) as error:
        read(text)
    assert error.value.position == position


def test_a_molecule_in_no_piece_is_refused() -> None:
    for text in ("0", "<=0"):
        with pytest.raises(ConfigurationError, match="at least one piece"):
            read(f"connected={text}")
    assert read("connected=<=1").fault(Molecule.from_smiles("C")) is None


def test_limits_of_several_constraints_meet() -> None:
    both = Elements.parse("C2-8,+").counts.within(Elements.parse("C5-9,N<=1").counts).within(Atoms.parse(">=6").counts)
    assert both == MoleculeCounts({"C": (5, 8), "N": (0, 1)}, others=False, atoms=(6, None))
    with pytest.raises(ConfigurationError, match="C: no number is both 2 and 3"):
        Elements.parse("C2").counts.within(Elements.parse("C3").counts)
    with pytest.raises(ConfigurationError, match="F: no number"):
        Elements.parse("C2").counts.within(Elements.parse("F1,+").counts)


@pytest.mark.parametrize(
    ("smarts", "plain"),
    [
        ("C(=O)N", True),
        ("c1ccccc1", True),
        ("c1cc[nH]c1", True),
        ("[NH3+]C", False),
        ("[OX2H]", False),
        ("[F,Cl]", False),
        ("C~N", False),
        ("[CH4]", False),
        ("C.N", False),
        ("*C", False),
    ],
)
def test_plain_fragments_are_told_from_patterns_that_say_more(smarts: str, plain: bool) -> None:
    assert (Contains(smarts).fragment is not None) == plain


def test_beside_a_wish_about_radicals_counts_allow_them() -> None:
    from biomatrix.generation.constraint_registry import checked_constraints

    elements, radicals = checked_constraints(["elements=C1", "radicals=1"])
    assert isinstance(elements, Constraint)
    assert isinstance(radicals, Constraint)
    methyl = Molecule.from_smiles("[CH3]")
    assert elements.fault(methyl) is None
    assert radicals.fault(methyl) is None
    assert "radical" in str(read("elements=C1").fault(methyl))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("contains=[C] without=[C]", r"no number of \[C\]"),
        ("contains=[C&+0] without=[#6]", "every molecule with .* has"),
        ("contains=[F]>=2 contains=[F]<=1", r"no number of \[F\]"),
        ("scaffold=c1ccncc1 without=n", "every molecule with c1ccncc1 has n"),
        ("scaffold=c1ccncc1 elements=C9", "takes 1 N, not 0"),
        ("scaffold=c1ccncc1 atoms=5", "takes 6 heavy atoms, not at most 5"),
        ("scaffold=c1ccc2[nH]ccc2c1 rings=1", "takes 2 rings, not at most 1"),
        ("scaffold=c1ccncc1 bonds=aromatic:5", "takes 6 aromatic bonds, not at most 5"),
        ("contains=[F]>=3 formula=CH2F2", "takes 3 F, not at most 2"),
        ("formula=C2H8 connected=1", "make 2 pieces at least, not 1"),
        ("formula=C2H3O2- charge=0", "the charge is not both"),
        ("charge=1 charge=0", "the charge is not both"),
        ("connected=yes connected=2", "no number of pieces"),
        ("graph=CCO without=[OX2H]", "the graph is CCO"),
        ("graph=CCO graph=CCC", "the graph is CCO|the graph is CCC"),
        ("scaffold=c1ccncc1 scaffold=C1CCC1", "ask for contains=(?:C1CCC1|c1ccncc1)"),
    ],
)
def test_constraints_that_surely_contradict_are_refused_in_either_order(asked: str, said: str) -> None:
    wishes = asked.split(" ")
    for order in (wishes, wishes[::-1]):
        with pytest.raises(ConfigurationError, match=f"cannot be kept together: .*(?:{said})"):
            checked_constraints(order)


@pytest.mark.parametrize(
    "asked",
    [
        "scaffold=CC without=[CH3]",
        "scaffold=c1ccncc1 without=[nX2]",
        "scaffold=CC without=C",
        "contains=[OX2H] without=[O-]",
        "formula=C2H6O connected=1",
        "formula=C2H8O2 connected=2",
        "graph=CC(O)F scaffold=C[C@H](O)F",
        "scaffold=c1ccncc1 scaffold=Cc1ccncc1",
        "contains=[F]>=1 contains=[F]<=1",
    ],
)
def test_constraints_that_some_molecule_keeps_are_taken(asked: str) -> None:
    assert len(checked_constraints(asked.split(" "))) == 2


def test_a_length_below_the_atoms_of_a_part_is_refused() -> None:
    for wish in ("scaffold=c1ccncc1", "contains=CCCCCC"):
        with pytest.raises(ConfigurationError, match="takes 6, and the length is at most 5"):
            Request("Make.", "molecule_smiles", length=5, constraints=[wish])
        assert Request("Make.", "molecule_smiles", length=6, constraints=[wish]).length == 6


def test_more_atoms_than_may_be_written_are_refused_before_a_string_is_looked_for() -> None:
    ids = np.arange(1, 3)
    shared: Any = None  # nothing of it is asked
    automaton = CountingSmilesAutomaton(0, 2, ids, shared, read("elements=C100000").counts)  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError, match="needs at least 100001 tokens"):
        automaton.start(Bounds(512))
