"""SMolInstruct's readings of molecules, formulas, names and numbers, where they are peculiar."""

from __future__ import annotations

import random
from contextlib import suppress

import numpy as np
import pytest
from rdkit import Chem

from biomatrix.metrics.fingerprints import SIMILARITIES, tanimoto
from biomatrix.metrics.parsed_molecules import forget_molecules
from biomatrix.metrics.scores import items_of
from biomatrix.metrics.smolinstruct.booleans import boolean_scores
from biomatrix.metrics.smolinstruct.canonical import among, canonical, forget_canonical, heavy_atoms
from biomatrix.metrics.smolinstruct.formula import element_counts_of, formula_scores
from biomatrix.metrics.smolinstruct.numbers import number_scores
from biomatrix.metrics.smolinstruct.rewriting import changed_in_place, copied_by_atoms, rewritten
from biomatrix.metrics.smolinstruct.smiles import smiles_scores

MOLECULES = (
    "C[C@H](N)C(=O)O", "C/C=C/C", "Cn1c(=O)c2c(ncn2C)n(C)c1=O", "[O-][N+](=O)c1ccccc1",
    "CC1(C)S[C@@H]2[C@H](N)C(=O)N2C1",
    "[nH]1cccc1", "OC1CCCC[C@H]1Cl",
)  # fmt: skip


@pytest.mark.parametrize("smiles", MOLECULES)
@pytest.mark.parametrize("seed", range(3))
def test_spellings_of_a_molecule_match(smiles: str, seed: int) -> None:
    mol = Chem.MolFromSmiles(smiles)
    order = random.Random(seed).sample(range(mol.GetNumAtoms()), mol.GetNumAtoms())
    other = Chem.MolToSmiles(Chem.RenumberAtoms(mol, order), canonical=False)
    scores = smiles_scores([[smiles]], [other])
    assert {scores[name].value for name in ("em", "fts", "maccs_fts", "rdk_fts", "validity", "subset")} == {1.0}
    kekule = canonical(smiles)
    assert kekule is not None
    assert canonical(kekule) == kekule


def test_enantiomers_differ_and_isotopes_and_atom_maps_do_not() -> None:
    assert smiles_scores([["C[C@H](N)C(=O)O"]], ["C[C@@H](N)C(=O)O"])["em"].value == 0
    assert smiles_scores([["CCO"]], ["[13CH3]CO"])["em"].value == 1
    assert smiles_scores([["CCO"]], ["[CH3:1][CH2:2]O"])["em"].value == 1


def test_components_count_once_in_any_order_and_any_reference_will_do() -> None:
    assert smiles_scores([["O.CCO"]], ["CCO;O;O"])["em"].value == 1
    assert smiles_scores([["CCO", "CCN"]], ["NCC"])["em"].value == 1
    part = smiles_scores([["O.CCO"]], ["CCO"])
    assert (part["em"].value, part["subset"].value, part["intersection"].value) == (0, 1, 1)
    more = smiles_scores([["CCO"]], ["CCO.O"])
    assert (more["em"].value, more["subset"].value, more["intersection"].value) == (0, 0, 1)


def test_a_tautomer_that_shares_the_inchi_matches() -> None:
    """2-hydroxypyridine and 2-pyridone have one standard InChI."""
    assert smiles_scores([["Oc1ccccn1"]], ["O=c1cccc[nH]1"])["em"].value == 1
    assert among({"CCO"}, {"CCN", "COC"}) == [False]


def test_heavy_atoms_of_what_has_no_inchi_decide_nothing() -> None:
    assert heavy_atoms("*CC") == frozenset()
    assert smiles_scores([["*CC"]], ["*CCC"])["em"].value == 1  # as officially: neither has an InChI


def test_empty_blank_and_broken_answers_are_told_apart() -> None:
    scores = smiles_scores([["CCO"]] * 5, ["", None, "  ", "CC(", "CCO."])
    assert (scores["em"].empty, scores["em"].unparsable) == (2, 3)
    assert scores["validity"].denominator == 5
    assert scores["validity_over_answered"].denominator == 3
    assert scores["fts"].denominator == 0


def test_a_reference_that_is_no_molecule_is_an_error() -> None:
    with pytest.raises(ValueError, match="no molecule"):
        smiles_scores([["CC("]], ["C"])


def test_formulas_compare_by_elements_and_charge() -> None:
    assert element_counts_of("CH3CH2OH") == element_counts_of("C2H6O")
    assert element_counts_of("NH4+") == {"N": 1, "H": 4, "+": 1} == element_counts_of("H4N+1")
    for wrong in ("", "?", "C2 H6", "(CH3)2", "2C", "C+x"):
        with pytest.raises(ValueError, match="formula"):
            element_counts_of(wrong)
    scores = formula_scores([["C2H6O"]] * 3, ["H6C2O", " C2H6O", "C2H6O+"])
    assert (scores["em"].value, scores["em_corrected"].value) == (pytest.approx(1 / 3), pytest.approx(2 / 3))


@pytest.mark.parametrize("text", ["C" * 20_000, "C1" * 20_000, "C" + "+" * 20_000, "C" + "9" * 6_000 + "?"])
def test_long_formulas_end_soon(text: str) -> None:
    with suppress(ValueError):
        element_counts_of(text)


def test_numbers_that_python_reads_count_officially_and_plain_ones_correctly() -> None:
    scores = number_scores(["1", "2", "3", "4"], ["1", "nan", "1_0", "four"])
    assert scores["rmse"].value != scores["rmse"].value
    assert (scores["rmse"].denominator, scores["rmse"].unparsable) == (3, 1)
    assert (scores["rmse_corrected"].value, scores["rmse_corrected"].denominator) == (0.0, 1)


def test_yes_and_no_alone_are_answers() -> None:
    scores = boolean_scores(["Yes", "No", "No", "Yes"], [" YES", "no.", "No", ""])
    assert (scores["accuracy"].value, scores["accuracy_over_valid"].value) == (0.5, 1.0)
    assert (scores["accuracy"].empty, scores["accuracy"].unparsable) == (1, 1)
    assert boolean_scores(["Yes"], ["Yes"])["roc_auc"].value != 1  # one class alone has no curve


ALIKE = ("O", "[Na+].[Cl-]", "C", "[He]", "CC", "CO", "[Os]C", "N.[Na+]", "[2H]O", "[NH4+].CO", "FF")


@pytest.mark.parametrize("smiles", ALIKE)
def test_a_molecule_is_as_like_itself_as_its_fingerprints_say(smiles: str) -> None:
    scores = smiles_scores([[smiles]], [smiles])
    mol = Chem.MolFromSmiles(canonical(smiles) or "")
    for name, kind in SIMILARITIES.items():
        assert scores[name].value == tanimoto(kind(mol), kind(mol))


def test_values_do_not_depend_on_the_number_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomatrix.metrics.smolinstruct.smiles._LEAST", 3)
    references = [["CCO.[Na+]"], ["OCC", "c1ccccc1"], ["C[C@H](N)C(=O)O"], ["[13CH3]CO"], ["CCN"]] * 3
    answers = ["OCC;[Na+]", "CC(", "N[C@@H](C)C(O)=O", "", None, "CCS", "*CC", "O", "C1CC1Cl", "CCO"] * 2
    found = []
    for workers in (1, 2):
        forget_molecules()
        forget_canonical()
        scores = smiles_scores(references, answers[: len(references)], workers)
        found.append({name: [score.value, *items_of(score)] for name, score in scores.items()})
    np.testing.assert_equal(found[0], found[1])


@pytest.mark.parametrize(
    "smiles", ["C[C@H](N)C(=O)[O-]", "c1cc[nH]c1", "CC[C@@](F)(Cl)Br", "C[S@](=O)CC", "C[N+](C)(C)C"]
)
def test_the_quick_copy_is_the_full_one(smiles: str) -> None:
    for seed in range(5):
        mol = Chem.MolFromSmiles(smiles)
        written = Chem.MolToRandomSmilesVect(mol, 1, seed)[0]
        assert rewritten(written, changed_in_place) == rewritten(written, copied_by_atoms) == rewritten(written)
