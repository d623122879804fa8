"""Molecules parsed once, by the valence rules that published numbers rest on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rdkit import Chem

import biomatrix.metrics
from biomatrix.metrics.drugassist.scores import optimisation_scores
from biomatrix.metrics.guacamol import guacamol
from biomatrix.metrics.molt5 import molecule_scores
from biomatrix.metrics.moses import moses
from biomatrix.metrics.parsed_molecules import LONGEST_KEPT, canonical_smiles, forget_molecules, inchi, parsed
from biomatrix.metrics.s2_bench.scores import subtask_scores
from biomatrix.metrics.smolinstruct.smiles import smiles_scores
from biomatrix.metrics.valence_rules import LONGEST, read_smiles, unsanitised

ROW = {"molecule": "CCOC", "removed_group": "halo", "Instruction": "Remove a halo from the molecule CCOC."}


@pytest.mark.parametrize(
    "smiles",
    [
        "C[PH](=O)(O)(O)OC", "C=[PH](C)(S)(OC)OC", "N[Si](N)(S)(Cl)CF", "F[Si](F)(F)(F)F", "[CH4+]", "C[CH3+]",
        "C[As](C)(C)(C)(C)C", "F[As](F)(F)(F)(F)(F)F", "C[Sb](C)(C)(C)(C)(C)C", "C[Bi](C)(C)(C)(C)(C)C",
        "C[Al](C)(C)(C)C", "[Al-3](F)(F)(F)(F)(F)F", "C[As+](C)(C)C",
        "O=Cl(=O)(=O)O", "F[P-](F)(F)(F)(F)F",
    ],
)  # fmt: skip
def test_what_rdkit_2023_9_takes_is_taken(smiles: str) -> None:
    mol = read_smiles(smiles)
    assert mol is not None
    again = read_smiles(Chem.MolToSmiles(mol))
    assert again is not None
    assert Chem.MolToSmiles(again) == Chem.MolToSmiles(mol)
    assert parsed(smiles).fact(inchi)


@pytest.mark.parametrize(
    "smiles",
    ["F[Si-2](F)(F)(F)(F)F", "C(C)(C)(C)(C)C", "F(F)F", "CC(", "c1ccccc", "  ", "\ud800", "C\0(", "bbbp"],
)  # fmt: skip
def test_what_rdkit_2023_9_refuses_is_refused(smiles: str) -> None:
    assert read_smiles(smiles) is None
    assert not parsed(smiles).valid
    with pytest.raises(ValueError, match="no molecule"):
        parsed(smiles).fact(canonical_smiles)


def test_ordinary_molecules_are_read_as_ever() -> None:
    for smiles in ("CCO", "", " C[C@H](N)C(=O)O ", "CC O", "[Na+].[Cl-]", "[O-][N+](=O)c1ccccc1", "C1CC1.[2H]O"):
        mol, plain = read_smiles(smiles), Chem.MolFromSmiles(smiles)
        assert mol is not None
        assert Chem.MolToSmiles(mol) == Chem.MolToSmiles(plain)


def test_a_fact_is_computed_once() -> None:
    calls: list[str] = []

    def fact(mol: Chem.Mol) -> int:
        calls.append("once")
        return int(mol.GetNumAtoms())

    forget_molecules()
    assert [parsed("CCO").fact(fact) for _ in range(3)] == [3, 3, 3]
    assert len(calls) == 1
    forget_molecules()
    parsed("CCO").fact(fact)
    assert len(calls) == 2


def test_long_strings_are_not_kept() -> None:
    long = "C" * (LONGEST_KEPT + 1)
    assert parsed(long) is not parsed(long)
    assert parsed(long).valid


def test_what_would_overflow_the_stack_is_no_molecule() -> None:
    """RDKit ends the process on such a chain, in whatever metric it is given one."""
    longest = "C" * LONGEST
    assert parsed(longest).valid
    for answer in ("C" * 200_000, "C(" * 50_000 + "C" + ")" * 50_000, "C1CC1" * 40_000, "[CH4+]" * 30_000):
        assert not parsed(answer).valid
        assert unsanitised(answer) is None
    answer = "C" * 50_000
    assert molecule_scores(["CCO"], [answer])["validity"].value == 0
    assert moses([answer, "CCO"], {"CCN"})["validity"].value == 0.5
    assert guacamol([answer, "CCO"], {"CCN"})["validity"].value == 0.5
    assert smiles_scores([["CCO"]], [answer])["validity"].value == 0
    assert smiles_scores([["CCO"]], [f"CCO.{answer}"])["validity"].value == 0
    assert subtask_scores("DelComponent", [ROW], [answer])["validity"].value == 0
    assert all(each.value == 0 for each in optimisation_scores("qed+", ["CCO"], [answer]).values())


def test_metrics_make_molecules_of_strings_in_one_place() -> None:
    """Elsewhere RDKit reads what it has written itself, or models of a few atoms."""
    own = {"valence_rules.py", "arrangements.py", "stereochemistry.py", "suite.py"}
    folder = Path(biomatrix.metrics.__file__).parent
    calls = re.compile(r"^(?!.*>>>).*\bMolFrom(?:Smiles|Inchi)\(", re.MULTILINE)
    found = {path.name for path in folder.rglob("*.py") if calls.search(path.read_text(encoding="utf-8"))}
    assert found == own
