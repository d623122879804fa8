"""Fitting the codec: resumes exactly, revives dead codes, and what it fits goes round."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix.entities import Molecule, MoleculeStructureTokenizer
from biomatrix.entities.molecule.structure.conditioned import fitting
from biomatrix.entities.molecule.structure.conditioned.fitting import FittingSettings, Sample, fit, sample_of
from biomatrix.entities.molecule.structure.conditioned.weights import ARCHITECTURE, tensors_of
from biomatrix.entities.molecule.structure.inputs import prepare
from biomatrix.entities.tokenizer_folder import save_weights
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.metrics.superposition import rmsd

SMILES = ("CCO", "CC(=O)N", "c1ccccc1O", "C1CCCCC1", "CC(C)C", "CCN", "C=CC=O", "OCC(O)CO", "CC#N", "CSC", "ClCCl")
SETTINGS = FittingSettings(num_codes=64, rounds=8, per_round=30, least_atoms=40)


@pytest.fixture(scope="module")
def molecules() -> list[Molecule]:
    return [Molecule.from_smiles(smiles).embed(seed=seed) for smiles in SMILES for seed in range(3)]


@pytest.fixture(scope="module")
def samples(molecules: list[Molecule]) -> list[Sample]:
    return [sample_of(prepare(molecule)) for molecule in molecules]


def stop_at(number: int) -> Any:
    """Return a round that is interrupted at the given number."""
    run = fitting._round

    def stopping(*given: Any) -> Any:
        if given[-1] == number:
            raise KeyboardInterrupt
        return run(*given)

    return stopping


def test_a_resumed_run_ends_as_an_unbroken_one(
    samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tensors_of(*fit(samples, SETTINGS, tmp_path / "whole"))
    with monkeypatch.context() as patched:
        patched.setattr(fitting, "_round", stop_at(2))
        with pytest.raises(KeyboardInterrupt):
            fit(samples, SETTINGS, tmp_path / "broken")
    resumed = tensors_of(*fit(samples, SETTINGS, tmp_path / "broken"))
    assert whole.keys() == resumed.keys()
    for name, tensor in whole.items():
        np.testing.assert_array_equal(tensor, resumed[name])


def test_a_checkpoint_of_other_settings_is_refused(samples: list[Sample], tmp_path: Path) -> None:
    fit(samples, replace(SETTINGS, rounds=1), tmp_path)
    with pytest.raises(WeightsError, match="other settings"):
        fit(samples, replace(SETTINGS, seed=1), tmp_path)


def test_what_was_fitted_goes_round(samples: list[Sample], molecules: list[Molecule], tmp_path: Path) -> None:
    lengths, meanings = fit(samples, SETTINGS, tmp_path / "run")
    config = {"architecture": ARCHITECTURE, "settings": {"closed_loop": True, "rate_weight": 0.0005}}
    save_weights(tmp_path / "tokenizer", config, tensors_of(lengths, meanings))
    tokenizer = MoleculeStructureTokenizer.from_pretrained(tmp_path / "tokenizer")
    assert tokenizer.num_codes == 64
    for molecule, back in zip(molecules, tokenizer.decode(tokenizer.encode(molecules)), strict=True):
        true = molecule.mol.GetConformer().GetPositions()[prepare(molecule).graph.order]
        assert rmsd(back.mol.GetConformer().GetPositions(), true) < 0.6


@pytest.mark.parametrize("wrong", [{"num_codes": 4}, {"rounds": 0}, {"per_round": 0}])
def test_settings_out_of_range_are_named(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError):
        FittingSettings(**wrong)


def test_no_molecules_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no molecules"):
        fit([], SETTINGS, tmp_path)
