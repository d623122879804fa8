"""The set metrics of MOSES: what they do to order, duplicates, invalid strings and nothing at all."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

from biomatrix.metrics import molecule_sets
from biomatrix.metrics.moses import cosine_of_counts, moses, set_likeness

SMILES = [
    "CCO",
    "OCC",
    "c1ccccc1O",
    "c1ccc2ccccc2c1",
    "CC(=O)Nc1ccccc1",
    "C[C@H](N)C(=O)O",
    "C1CC1",
    "",
    "  ",
    "C1CC",
    "x",
]
TEST = ["CCN", "c1ccc2ccccc2c1C", "CC(=O)Nc1ccc(O)cc1"]
TRAIN = ["CCO", "OC(=O)c1ccccc1"]


def values(smiles: list[str]) -> dict[str, float]:
    return {name: score.value for name, score in moses(smiles, TRAIN, TEST, ks=(3,)).items()}


def test_counts_say_what_was_empty_and_what_was_broken() -> None:
    score = moses(SMILES, TRAIN)["validity"]
    assert (score.n, score.empty, score.unparsable, score.denominator) == (11, 2, 2, 11)
    assert score.value == pytest.approx(7 / 11)
    assert score.items is not None
    assert score.items.sum() == 7


def test_order_matters_to_unique_at_k_alone() -> None:
    shuffled = [SMILES[i] for i in np.random.default_rng(0).permutation(len(SMILES))]
    first, second = values(SMILES), values(shuffled)
    del first["unique@3"], second["unique@3"]
    assert first == pytest.approx(second)


def test_duplicates_count_in_diversity_and_not_in_novelty() -> None:
    twice, often = values(SMILES * 2), values([*SMILES, *["CCO"] * 20])
    once = values(SMILES)
    for name in ("intdiv1", "intdiv2", "snn", "frag", "scaf", "novelty", "validity"):
        assert twice[name] == pytest.approx(once[name]), name
    assert twice["unique"] == pytest.approx(once["unique"] / 2)
    assert often["intdiv1"] < once["intdiv1"]
    assert often["novelty"] == once["novelty"]


def test_diversity_and_nearness_equal_the_plain_loop_over_all_pairs() -> None:
    mols = [mol for smiles in SMILES if smiles and (mol := Chem.MolFromSmiles(smiles)) is not None]
    generator = GetMorganGenerator(radius=2, fpSize=1024)
    prints = [generator.GetFingerprint(mol) for mol in mols]
    known = [generator.GetFingerprint(Chem.MolFromSmiles(smiles)) for smiles in TEST]
    pairs = np.array([[DataStructs.TanimotoSimilarity(a, b) for b in prints] for a in prints])
    nearest = np.mean([max(DataStructs.TanimotoSimilarity(a, b) for b in known) for a in prints])
    found = values(SMILES)
    assert found["intdiv1"] == pytest.approx(1 - pairs.mean(), abs=1e-6)
    assert found["intdiv2"] == pytest.approx(1 - np.sqrt((pairs**2).mean(axis=1)).mean(), abs=1e-6)
    assert found["snn"] == pytest.approx(nearest, abs=1e-6)


def test_a_set_is_like_itself() -> None:
    found = set_likeness(TEST, TEST)
    assert [found[name].value for name in ("snn", "frag", "scaf")] == pytest.approx([1.0, 1.0, 1.0])


def test_a_training_string_that_is_not_canonical_matches_only_in_the_corrected_novelty() -> None:
    found = moses(["CCO", "CCN"], ["OCC"])
    assert (found["novelty"].value, found["novelty_corrected"].value) == (1.0, 0.5)


@pytest.mark.parametrize("smiles", [[], ["", "C1CC", "  "]])
def test_nothing_valid_leaves_every_other_metric_undefined(smiles: list[str]) -> None:
    found = moses(smiles, TRAIN, TEST)
    assert all(np.isnan(score.value) for name, score in found.items() if name != "validity")
    assert np.isnan(found["validity"].value) == (not smiles)


def test_an_empty_test_set_leaves_likeness_undefined() -> None:
    found = set_likeness(["CCO"], [])
    assert all(np.isnan(score.value) for score in found.values())


def test_the_cosine_of_counts_does_not_ask_for_scale() -> None:
    assert cosine_of_counts({"a": 3, "b": 1}, {"b": 10, "a": 30}) == pytest.approx(1.0)
    assert cosine_of_counts({"a": 3}, {"b": 10}) == 0.0
    assert np.isnan(cosine_of_counts({}, {"a": 1}))


def test_molecules_of_earlier_valence_rules_are_valid_and_can_be_cut_up() -> None:
    found = moses(["CC[PH](C)(C)(C)(C)C", "CCO"], [], ["CC[PH](C)(C)(C)(C)C", "c1ccccc1CC"])
    assert found["validity"].value == 1.0
    assert found["snn"].value > 0.5


def test_strings_that_no_file_could_hold_are_invalid() -> None:
    assert moses(["\ud800", "\x00", "C" * 10 + "\n"], [])["validity"].unparsable == 2


def test_values_do_not_depend_on_the_number_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomatrix.metrics.moses._LEAST", 10)
    monkeypatch.setattr("biomatrix.metrics.molecule_sets.AT_ONCE", 5)
    found = []
    for workers in (1, 2):
        molecule_sets._large.clear()
        found.append({name: score.value for name, score in moses(SMILES * 3, TRAIN, TEST, workers=workers).items()})
    assert found[0] == pytest.approx(found[1], abs=0, nan_ok=True)
