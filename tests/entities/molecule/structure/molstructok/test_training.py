"""Training reaches a usable tokenizer, and a resumed run equals an unbroken one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from biomatrix.entities import Molecule, MoleculeStructureTokenizer
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule, prepare
from biomatrix.entities.molecule.structure.molstructok.closed_loop import batch_descriptors
from biomatrix.entities.molecule.structure.molstructok.model import CodeModel
from biomatrix.entities.molecule.structure.molstructok.places import initial_places
from biomatrix.entities.molecule.structure.molstructok.training import (
    CHECKPOINT_FILE,
    TrainingSettings,
    state_arrays,
    train,
    train_network,
)
from biomatrix.entities.tokenizer_folder import save_weights

SMALL = TrainingSettings(
    num_codes=64, hidden=16, latent=8, steps=40, batch=128, lloyd_rounds=2, fit_steps=200, checkpoint_every=20
)


@pytest.fixture(scope="module")
def prepared() -> list[PreparedMolecule]:
    smiles = ["CCO", "CC(C)N", "c1ccccc1", "CC(=O)N", "C1CCNC1", "CCS", "C=CC=O", "OCC(O)CO"]
    return [prepare(Molecule.from_smiles(text).embed(seed=seed)) for text in smiles for seed in range(3)]


@pytest.mark.slow
def test_a_resumed_run_equals_an_unbroken_one(prepared: list[PreparedMolecule], tmp_path: Path) -> None:
    import torch

    values = batch_descriptors(prepared)
    places = initial_places(values, SMALL.num_codes, 0)
    models = []
    for stops in ((40,), (20, 40)):
        torch.manual_seed(0)
        checkpoint = tmp_path / str(len(stops)) / CHECKPOINT_FILE
        for stop in stops:
            model = CodeModel(SMALL.num_codes, SMALL.hidden, SMALL.latent)
            if stop < SMALL.steps:
                _train_until(model, values, places, checkpoint, stop)
            else:
                train_network(model, values, places, SMALL, checkpoint)
        models.append(state_arrays(model))
    for name, array in models[0].items():
        np.testing.assert_array_equal(array, models[1][name], err_msg=name)


def _train_until(model: CodeModel, values: np.ndarray, places: np.ndarray, checkpoint: Path, stop: int) -> None:
    """Train with the full schedule, broken off after the checkpoint at ``stop``."""
    import biomatrix.entities.molecule.structure.molstructok.training as training

    class Stopped(Exception):
        """Raised to break training off."""

    real = training._save_checkpoint

    def save_then_stop(path, model, optimizer, unused, step, settings):  # type: ignore[no-untyped-def]
        real(path, model, optimizer, unused, step, settings)
        if step == stop:
            raise Stopped

    training._save_checkpoint = save_then_stop
    try:
        with pytest.raises(Stopped):
            train_network(model, values, places, SMALL, checkpoint)
    finally:
        training._save_checkpoint = real


@pytest.mark.slow
def test_trained_weights_open_and_reconstruct(prepared: list[PreparedMolecule], tmp_path: Path) -> None:
    tensors = train(prepared, replace(SMALL, steps=60, fit_steps=300), tmp_path / "run")
    save_weights(tmp_path / "tokenizer", {"architecture": "molstructok", "settings": {"closed_loop": True}}, tensors)
    tokenizer = MoleculeStructureTokenizer.from_pretrained(tmp_path / "tokenizer")
    assert tokenizer.num_codes == SMALL.num_codes
    molecule = Molecule.from_smiles("CCCO").embed(seed=0)
    back = tokenizer.decode(tokenizer.encode([molecule]))[0]
    assert back.smiles == molecule.smiles
    assert np.isfinite(back.coordinates).all()


def test_places_are_distinct_and_the_first_are_for_first_atoms(prepared: list[PreparedMolecule]) -> None:
    places = initial_places(batch_descriptors(prepared), 64, 0)
    assert (places[:8, 3] == 0).all()
    assert (places[8:, 3] != 0).all()
    assert places[:, 0].min() > 0.5
