"""With the structure tokenizers that ship: from entities to a saved vocabulary and back to entities in 3D."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from biomatrix.entities import Molecule, Protein, modality
from biomatrix.errors import VocabularyError
from biomatrix.vocabulary import Failure, Vocabulary, count_tokens, joint_tokens
from biomatrix.vocabulary.initialisation import new_rows

SMILES = ["CCO", "CC(=O)Oc1ccccc1C(=O)O", "C[C@H](N)C(=O)O", "c1ccncc1", "CC#N"]


@pytest.fixture(scope="module")
def molecules() -> list[Molecule]:
    return [Molecule.from_smiles(smiles).embed(seed=1) for smiles in SMILES]


@pytest.fixture(scope="module")
def full(base: PreTrainedTokenizerFast, molecules: list[Molecule]) -> Vocabulary:
    sequences = [modality("molecule_structure").encode(molecule) for molecule in molecules]
    return Vocabulary.build(base, {"molecule_structure": joint_tokens(count_tokens(sequences), 1)})


def helix(length: int) -> Protein:
    """Return a backbone on an ideal helix (rise 1.5, 100 degrees a residue), N, CA and C apart along it."""
    turns = np.radians(100.0) * (np.arange(length)[:, None] + np.array([-0.3, 0.0, 0.4]))
    radius, rise = np.array([1.6, 2.3, 1.7]), turns / np.radians(100.0) * 1.5
    xyz = np.stack([radius * np.cos(turns), radius * np.sin(turns), rise], axis=-1)
    return Protein("A" * length, xyz.astype(np.float32))


def test_structures_equal_their_text_and_come_back(full: Vocabulary, molecules: list[Molecule], tmp_path: Path) -> None:
    full.save_pretrained(tmp_path)
    opened = Vocabulary.from_pretrained(tmp_path)
    for molecule in molecules:
        ids = full.encode_entity(molecule, "molecule_structure")
        assert ids == full.tokenizer(full.text(ids), add_special_tokens=False)["input_ids"]
        (back,) = opened.decode(ids)
        assert isinstance(back, Molecule)
        assert back.has_conformer
        assert Molecule.from_smiles(back.smiles).smiles.replace("@", "") == molecule.smiles.replace("@", "")
    chain = helix(20)
    (fold,) = opened.decode(opened.encode([(chain, "protein_structure")]))
    assert isinstance(fold, Protein)
    assert fold.resolved.all()


def test_a_molecule_outside_the_joint_tokens_is_refused(full: Vocabulary) -> None:
    other = Molecule.from_smiles("BrCCS(=O)(=O)C(F)(F)F").embed(seed=0)
    with pytest.raises(VocabularyError, match="of molecule_structure is not among"):
        full.encode_entity(other, "molecule_structure")
    batch = full.encode_batch([[(other, "molecule_structure")], [other]])
    assert list(batch.rejects) == [0]


def test_other_weights_are_refused(full: Vocabulary, tmp_path: Path) -> None:
    full.save_pretrained(tmp_path)
    path = tmp_path / "biomatrix.json"
    content = json.loads(path.read_text())
    content["structure_tokenizers"]["protein_structure"]["fingerprint"] = "000000000000"
    path.write_text(json.dumps(content))
    opened = Vocabulary.from_pretrained(tmp_path)
    with pytest.raises(VocabularyError, match="000000000000"):
        opened.encode_entity(helix(5), "protein_structure")
    (part,) = opened.decode(opened.encode_tokens(["<S 1>"], "protein_structure"))
    assert isinstance(part, Failure)
    assert "cannot be used with geometric" in part.reason


def recorded_as(full: Vocabulary, folder: Path, name: str, fingerprint: str | None) -> Vocabulary:
    """Return the vocabulary as if its protein codes had been recorded so."""
    full.save_pretrained(folder)
    path = folder / "biomatrix.json"
    content = json.loads(path.read_text())
    record = content["structure_tokenizers"]["protein_structure"]
    record |= {"name": name, "fingerprint": fingerprint or record["fingerprint"]}
    path.write_text(json.dumps(content))
    return Vocabulary.from_pretrained(folder)


def test_a_name_that_is_not_there_is_said(full: Vocabulary, tmp_path: Path) -> None:
    opened = recorded_as(full, tmp_path, "no-such-weights", "000000000000")
    (part,) = opened.decode(full.encode_tokens(["<S 1>"], "protein_structure"))
    assert isinstance(part, Failure)
    assert "no-such-weights" in part.reason


def test_weights_that_were_renamed_are_found_by_their_fingerprint(full: Vocabulary, tmp_path: Path) -> None:
    opened = recorded_as(full, tmp_path, "what-it-was-called", None)
    (part,) = opened.decode(full.encode([(helix(9), "protein_structure")]))
    assert isinstance(part, Protein)


def test_geometry_puts_like_codes_near(full: Vocabulary) -> None:
    weight = torch.randn(full.base_size, 256, generator=torch.Generator().manual_seed(0))
    rows = new_rows(weight, full, "geometry", 0)
    block = full.block("protein_structure")
    features = np.stack([f for f in map(block.modality.geometry, block.tokens) if f is not None])
    placed = [i for i, token in enumerate(block.tokens) if block.modality.geometry(token) is not None]
    codes = rows[np.searchsorted(full.new_ids, block.ids[placed])]
    scaled = (features - features.mean(0)) / np.maximum(features.std(0), 1e-12)
    apart = np.linalg.norm(scaled[:, None] - scaled[None], axis=-1)
    alike = codes @ codes.T / np.linalg.norm(codes, axis=1)[:, None] / np.linalg.norm(codes, axis=1)
    np.fill_diagonal(apart, np.inf)
    nearest, furthest = apart.argmin(1), np.where(np.isinf(apart), -1, apart).argmax(1)
    here = np.arange(len(codes))
    assert np.mean(alike[here, nearest] > alike[here, furthest]) > 0.95
