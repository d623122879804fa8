"""Hidden states of the shipped decoder as vectors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.errors import ConfigurationError, LimitError, UnsupportedError, VocabularyError
from biomatrix.soft.encoders import DecoderStates, open_encoder

PROTEINS = [bm.Protein.from_sequence(one) for one in ("MKTAYIAKQR", "GAVLI", "WWC", "ACDEFGHIKLMNPQRSTVWY" * 3)]


@pytest.fixture(scope="module")
def nano() -> Any:
    return open_encoder("nano", kind="protein", device="cpu")


def test_vectors_are_the_means_of_hidden_states_between_the_control_tokens(nano: Any) -> None:
    model = bm.load("nano", device="cpu", dtype="float32")
    found = nano.encode(PROTEINS)
    for entity, vectors in zip(PROTEINS, found, strict=True):
        states = model.engine.hidden_states(model.vocabulary.encode_entity(entity, "protein_sequence"))  # type: ignore[attr-defined]
        np.testing.assert_allclose(vectors[0], states[1:-1].mean(axis=0), atol=1e-5)
    assert nano.spec == "nano,device=cpu,kind=protein"


def test_the_batch_changes_nothing(nano: Any) -> None:
    alone = np.concatenate([nano.encode([one]) for one in PROTEINS])
    np.testing.assert_allclose(nano.encode(PROTEINS, 2), alone, atol=1e-5)
    np.testing.assert_allclose(nano.encode(PROTEINS[::-1])[::-1], alone, atol=1e-5)
    assert isinstance(open_encoder("decoder:nano", kind="protein"), DecoderStates)


def test_runs_make_several_vectors() -> None:
    encoder = open_encoder("nano,kind=molecule,k=4", device="cpu")
    molecules = [bm.Molecule.from_smiles("CC(=O)NC1CCN(C)CC1"), bm.Molecule.from_smiles("CO")]
    found = encoder.encode_each(molecules)
    assert isinstance(found[0], np.ndarray)
    assert found[0].shape == (4, encoder.d)
    assert isinstance(found[1], UnsupportedError)
    assert "2 positions make no 4 vectors" in str(found[1])


def test_names_and_notes_make_no_vectors_of_their_own(nano: Any) -> None:
    assert nano.key(PROTEINS[0]) == nano.key(replace(PROTEINS[0], name="other", notes=("read somewhere",)))
    assert nano.key(PROTEINS[0]) != nano.key(PROTEINS[1])
    assert nano.hash != open_encoder("nano", kind="protein", k=2).hash


def test_what_it_cannot_read_is_refused(nano: Any) -> None:
    with pytest.raises(LimitError, match=f"at most {nano.max_length:,} between"):
        nano.encode([bm.Protein.from_sequence("A" * (nano.max_length + 1))])
    with pytest.raises(UnsupportedError, match="takes a protein, not a molecule"):
        nano.encode([bm.Molecule.from_smiles("C")])
    with pytest.raises(ConfigurationError, match="a decoder reads several kinds"):
        open_encoder("nano")
    with pytest.raises(ConfigurationError, match="writes a protein in: protein_sequence"):
        open_encoder("nano", kind="protein", modality="molecule_smiles")
    with pytest.raises((ConfigurationError, VocabularyError), match="no modality of the kind cell"):
        open_encoder("nano", kind="cell")
