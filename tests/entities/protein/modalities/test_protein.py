"""Protein sequence and structure: one token a residue, exact or within the tokenizer's error."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

from biomatrix.entities import Molecule, Protein, modality
from biomatrix.errors import BioMatrixError, DecodeError, UnsupportedError
from biomatrix.metrics.superposition import rmsd, tm_score

SEQUENCE, STRUCTURE = modality("protein_sequence"), modality("protein_structure")
LETTERS = "ACDEFGHIKLMNPQRSTVWYUOBZJX"
MakeHelix = Callable[..., Protein]


def decode_chain(tokens: list[str]) -> Protein:
    chain = STRUCTURE.decode(tokens)
    assert isinstance(chain, Protein)
    return chain


def test_every_sequence_comes_back_token_by_token() -> None:
    rng = random.Random(0)
    for length in (1, 2, 30, 2_000):
        sequence = "".join(rng.choices(LETTERS, k=length))
        tokens = SEQUENCE.encode(Protein(sequence))
        assert len(tokens) == SEQUENCE.length(tokens) == length
        decoded = SEQUENCE.decode(tokens)
        assert isinstance(decoded, Protein)
        assert decoded.sequence == sequence


def test_the_vocabulary_is_26_letters_with_english_names() -> None:
    assert len(SEQUENCE.vocabulary()) == 26
    assert SEQUENCE.describe("<A W>") == "Tryptophan"
    assert SEQUENCE.describe("<A U>") == "Selenocysteine"
    assert SEQUENCE.describe("<A X>") == "any amino acid"


@pytest.mark.parametrize("sequence", ["", "MK-V", "mkv", "MK*"])
def test_what_is_no_residue_is_refused_with_its_place(sequence: str) -> None:
    with pytest.raises(UnsupportedError):
        SEQUENCE.encode(Protein(sequence))


@pytest.mark.parametrize(("tokens", "position"), [(["<A M>", "<A 1>"], 1), (["<S 3>"], 0), ([], 0), (["A"], 0)])
def test_a_bad_residue_token_says_where(tokens: list[str], position: int) -> None:
    with pytest.raises(DecodeError) as caught:
        SEQUENCE.decode(tokens)
    assert caught.value.position == position


def test_a_backbone_comes_back_near_and_in_place(make_helix: MakeHelix) -> None:
    chain = make_helix(60)
    assert chain.backbone is not None
    tokens = STRUCTURE.encode(chain)
    decoded = decode_chain(tokens)
    assert len(tokens) == len(decoded) == STRUCTURE.length(tokens) == 60
    assert decoded.sequence == "X" * 60
    assert decoded.backbone is not None
    assert decoded.backbone.dtype == np.float32
    assert float(rmsd(decoded.backbone.reshape(-1, 3), chain.backbone.reshape(-1, 3))) < 2.0
    assert tm_score(decoded.backbone[:, 1], chain.backbone[:, 1]) > 0.8


def test_codes_do_not_depend_on_place_batch_or_residue_types(make_helix: MakeHelix) -> None:
    chains = [make_helix(length, seed) for seed, length in enumerate((12, 47, 30))]
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    rotation *= np.sign(np.linalg.det(rotation))
    for chain, tokens in zip(chains, STRUCTURE.encode_each(chains), strict=True):
        assert chain.backbone is not None
        assert tokens == STRUCTURE.encode(chain)
        assert tokens == STRUCTURE.encode(Protein("G" * len(chain), chain.backbone))
        moved = (chain.backbone @ rotation.T + 25.0).astype(np.float32)
        same = np.mean([a == b for a, b in zip(tokens, STRUCTURE.encode(Protein(chain.sequence, moved)), strict=True)])
        assert same > 0.9


def test_an_unresolved_residue_keeps_its_place(make_helix: MakeHelix) -> None:
    chain = make_helix(40)
    assert chain.backbone is not None
    chain.backbone[[0, 17, 18, 39]] = np.nan
    chain.backbone[25, 2] = np.nan
    tokens = STRUCTURE.encode(chain)
    assert [index for index, token in enumerate(tokens) if token == "<S -1>"] == [0, 17, 18, 25, 39]
    assert np.array_equal(decode_chain(tokens).resolved, chain.resolved)


def test_a_chain_without_coordinates_is_refused(make_helix: MakeHelix) -> None:
    with pytest.raises(UnsupportedError, match="no coordinates"):
        STRUCTURE.encode(Protein("MKV"))
    with pytest.raises(UnsupportedError, match="no residue"):
        STRUCTURE.encode(Protein("MKV", np.full((3, 3, 3), np.nan, dtype=np.float32)))
    with pytest.raises(UnsupportedError, match="Molecule"):
        STRUCTURE.encode(Molecule.from_smiles("CCO"))
    results = STRUCTURE.encode_each([Protein("MKV"), make_helix(9)])
    assert isinstance(results[0], UnsupportedError)
    assert isinstance(results[1], list)


@pytest.mark.parametrize(
    ("tokens", "position"),
    [
        (["<S 0>", "<S 99999>"], 1),
        (["<S 0>", "<S 07>"], 1),
        (["<S 0>", "<S -2>"], 1),
        (["<A M>"], 0),
        (["<S -1>", "<S -1>"], 0),
        ([], 0),
    ],
)
def test_a_bad_structure_token_says_where(tokens: list[str], position: int) -> None:
    with pytest.raises(DecodeError) as caught:
        STRUCTURE.decode(tokens)
    assert caught.value.position == position


def test_random_codes_give_a_finite_chain_or_a_place() -> None:
    rng = random.Random(5)
    known = list(STRUCTURE.vocabulary())
    for _ in range(200):
        tokens = rng.choices(known, k=rng.randint(0, 60))
        if rng.random() < 0.2:
            tokens.insert(rng.randint(0, len(tokens)), rng.choice(["<S 512000>", "<A M>", "x", ""]))
        (chain,) = STRUCTURE.decode_each([tokens])
        if isinstance(chain, BioMatrixError):
            assert isinstance(chain, DecodeError)
            assert isinstance(chain.position, int)
            continue
        assert isinstance(chain, Protein)
        assert chain.backbone is not None
        assert np.array_equal(chain.resolved, [token != "<S -1>" for token in tokens])


def test_codes_have_geometry_and_the_unresolved_token_none() -> None:
    first = STRUCTURE.geometry("<S 0>")
    assert first is not None
    assert np.isfinite(first).all()
    assert STRUCTURE.geometry("<S -1>") is None
    assert SEQUENCE.geometry("<A M>") is None


def test_what_each_cannot_carry_is_listed_and_lost(make_helix: MakeHelix) -> None:
    chain = make_helix(12)
    numbered = Protein(
        chain.sequence, chain.backbone, "one", "Q", np.arange(5, 17, dtype=np.int32), ("A",) * 12, ("seen",)
    )
    for mine in (SEQUENCE, STRUCTURE):
        lost = " ".join(mine.cannot_carry)
        for word in ("side chains", "ligands", "residue numbers", "insertion codes", "identifier", "name"):
            assert word in lost
        decoded = mine.decode(mine.encode(numbered))
        assert isinstance(decoded, Protein)
        assert decoded.insertion_codes is None
        assert decoded.name == ""
        assert decoded.notes == ()
    assert not SEQUENCE.decode(SEQUENCE.encode(chain)).has_structure
