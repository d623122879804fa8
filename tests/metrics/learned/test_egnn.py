"""The EGNN classifier with tiny random weights: motions, padding, released layout; and the mean absolute error."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from rdkit import Chem
from rdkit.Chem import AllChem

from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.metrics.learned.egnn import MILLI_ELECTRONVOLTS, PropertyClassifier, conditional_mae, convert
from biomatrix.metrics.learned.egnn_network import PropertyNetwork
from biomatrix.metrics.learned.registry import load_scorer


def embedded(smiles: str) -> Chem.Mol:
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    return mol


@pytest.fixture(params=[(True, False), (False, True)], ids=["attention", "attributes"])
def weights(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    torch.manual_seed(0)
    attention, attributes = request.param
    network = PropertyNetwork(5, 12, 3, attention, attributes)
    torch.save(network.state_dict(), tmp_path / "best_checkpoint.npy")
    convert(tmp_path / "best_checkpoint.npy", tmp_path / "alpha.safetensors", mean=75.0, deviation=6.0)
    return tmp_path / "alpha.safetensors"


def test_neither_motion_nor_padding_nor_order_changes_a_value(weights: Path) -> None:
    scorer: PropertyClassifier = load_scorer("egnn", weights)
    mols = [embedded(smiles) for smiles in ("CCO", "C", "NC(=O)F")]
    turned = Chem.Mol(mols[0])
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    turned.GetConformer().SetPositions(mols[0].GetConformer().GetPositions() @ rotation.T + 5)
    order = np.random.default_rng(1).permutation(turned.GetNumAtoms()).tolist()
    found = scorer.predict([*mols, Chem.RenumberAtoms(turned, order)])
    assert found[0] == pytest.approx(found[3], abs=1e-4)
    assert found[1] == pytest.approx(scorer.predict([mols[1]])[0], abs=1e-4)
    assert len(set(np.round(found[:3], 3))) == 3


def test_the_output_is_in_the_units_of_the_property(weights: Path) -> None:
    scorer = PropertyClassifier.load(weights)
    raw = PropertyClassifier(scorer._network, 0.0, 1.0).predict([embedded("CCO")])
    assert scorer.predict([embedded("CCO")]) == pytest.approx(raw * 6.0 + 75.0)


def test_what_cannot_be_judged_has_no_value(weights: Path) -> None:
    scorer = PropertyClassifier.load(weights)
    found = scorer.predict([None, Chem.MolFromSmiles("CCO"), embedded("CCl"), embedded("C")])
    assert np.isnan(found).tolist() == [True, True, True, False]
    assert len(scorer.predict([])) == 0


def test_the_error_leaves_missing_molecules_out_and_counts_them() -> None:
    found = conditional_mae([1.0, math.nan, 2.0], [1.5, 0.0, 2.0], MILLI_ELECTRONVOLTS)["mae"]
    assert (found.value, found.unparsable, found.denominator) == (250.0, 1, 2)
    assert math.isnan(conditional_mae([], [])["mae"].value)
    with pytest.raises(ValueError, match="one for each"):
        conditional_mae([1.0], [])


def test_foreign_and_unconverted_weights_are_refused(tmp_path: Path) -> None:
    torch.save(PropertyNetwork(5, 8, 1, True, False).state_dict(), tmp_path / "raw.npy")
    with pytest.raises(ConfigurationError, match="no mean and mad"):
        load_scorer("egnn", tmp_path / "raw.npy")
    torch.save(PropertyNetwork(4, 8, 1, True, False).state_dict(), tmp_path / "four.npy")
    with pytest.raises(WeightsError, match="4 elements"):
        convert(tmp_path / "four.npy", tmp_path / "x.safetensors", 0.0, 1.0)
