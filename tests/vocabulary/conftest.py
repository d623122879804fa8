"""A small vocabulary over a byte-level BPE trained on the spot, and structure tokenizers of no weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from biomatrix.entities import Modality, Protein, modality
from biomatrix.entities.molecule.modalities.structure import MoleculeStructure
from biomatrix.entities.protein.modalities.structure import ProteinStructure
from biomatrix.vocabulary import Vocabulary, train_byte_bpe

TEXTS = [
    "Describe the molecule and the protein: aspirin begins here, ends there.",
    "Begins a molecule SELFIES string. Ends a protein 3D structure. Tryptophan, Selenocysteine, any amino acid",
    "CC(=O)Oc1ccccc1C(=O)O CN1C=NC2=C1C(=O)N(C(=O)N2C)C see ref [N] and [H][H] in 1, 2, 3",
]
JOINT = [f"[{symbol} {code}]" for symbol in ("C", "=C", "O", "N") for code in range(8)]
JOINT += ["[Branch1 -1]", "[Ring1 -1]", "[C -1]"]


class StubStructureTokenizer:
    """Codes are the signs of nothing in particular: enough to check who is asked for what."""

    def __init__(self, name: str = "stub", fingerprint: str = "0123abcd", num_codes: int = 16) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.num_codes = num_codes

    @property
    def code_features(self) -> NDArray[np.float64]:
        return np.arange(self.num_codes, dtype=np.float64)[:, None] ** [1, 2] / self.num_codes

    def encode_each(self, proteins: Sequence[Protein]) -> list[NDArray[np.int16]]:
        codes = [np.arange(len(protein), dtype=np.int16) % self.num_codes for protein in proteins]
        return [np.where(p.resolved, c, -1).astype(np.int16) for p, c in zip(proteins, codes, strict=True)]

    def decode_each(self, codes: Sequence[NDArray[np.int16]]) -> list[NDArray[np.float32]]:
        backbones = [np.tile(np.eye(3, dtype=np.float32), (len(array), 1, 1)) for array in codes]
        for array, backbone in zip(codes, backbones, strict=True):
            backbone[np.asarray(array) < 0] = np.nan
        return backbones


def chain_of(length: int) -> Protein:
    """Return a chain with made-up coordinates."""
    backbone = np.random.default_rng(length).normal(size=(length, 3, 3)).astype(np.float32)
    return Protein("A" * length, backbone)


def stub_modalities() -> list[Modality]:
    """Return the five modalities, the structure ones over stub tokenizers."""
    names = ("molecule_smiles", "molecule_selfies", "protein_sequence")
    smiles, selfies, sequence = (modality(name) for name in names)
    molecule = MoleculeStructure(StubStructureTokenizer("stub-molecule", "aaaa0001", 8))  # type: ignore[arg-type]
    protein = ProteinStructure(StubStructureTokenizer("stub-protein", "aaaa0002"))  # type: ignore[arg-type]
    return [smiles, selfies, molecule, sequence, protein]


@pytest.fixture(scope="session")
def base() -> PreTrainedTokenizerFast:
    """A byte-level BPE of 500 entries."""
    return train_byte_bpe(TEXTS, 500)


@pytest.fixture(scope="session")
def vocabulary(base: PreTrainedTokenizerFast) -> Vocabulary:
    """All five modalities over it."""
    return Vocabulary.build(base, {"molecule_structure": JOINT}, stub_modalities())
