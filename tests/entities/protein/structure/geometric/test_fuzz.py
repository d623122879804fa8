"""Whatever coordinates, codes and tokens come in, the geometric codec answers: finite atoms or a named error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.entities import Modality, Protein, ProteinStructureTokenizer, modality
from biomatrix.entities.protein.examples import bundled_protein
from biomatrix.entities.protein.structure.geometric.codebook import BREAK, resolved_residues, step_kinds
from biomatrix.errors import BioMatrixError, LimitError, UnsupportedError
from biomatrix.metrics.superposition import rmsd

TimeLimit = Callable[[float, str], AbstractContextManager[None]]

BATCH = 200
QUICK, FULL = 600, 20_000
SECONDS_A_BATCH = 20.0
LONGEST_STEP = 60.0
"""No code jumps further, in Angstrom, so that decoded chains stay within their length times this."""


@pytest.fixture(scope="module", params=[pytest.param("geometric-256", marks=pytest.mark.exhaustive), "geometric-4096"])
def tokenizer(request: pytest.FixtureRequest) -> ProteinStructureTokenizer:
    return ProteinStructureTokenizer.from_pretrained(request.param)


@pytest.fixture(scope="module")
def tokens() -> Modality:
    return modality("protein_structure")


@pytest.fixture(scope="module")
def chain() -> NDArray[np.float32]:
    backbone = bundled_protein().backbone
    assert backbone is not None
    return backbone[np.isfinite(backbone).all(axis=(1, 2))]


def mutated(chain: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A piece of a real chain, damaged in a few ways."""
    length = int(rng.integers(1, 24))
    start = int(rng.integers(len(chain) - length))
    backbone = chain[start : start + length].copy()
    for _ in range(rng.integers(1, 5)):
        place, atom = rng.integers(len(backbone)) if len(backbone) else 0, rng.integers(3)
        if not len(backbone):
            break
        change = rng.integers(18)
        if change == 0:
            backbone[place, atom] = np.nan
        elif change == 1:
            backbone[place, atom, rng.integers(3)] = rng.choice([np.inf, -np.inf])
        elif change == 2:
            backbone[place] *= rng.choice([1e3, 1e5, 1e20, 1e37])
        elif change == 3:
            backbone[place] = 0.0
        elif change == 4:
            backbone[:] = backbone[place, atom]
        elif change == 5:
            backbone[..., rng.integers(3)] *= -1.0
        elif change == 6:
            backbone[:, [0, 2]] = np.nan
        elif change == 7:
            backbone[:] = np.nan
        elif change == 8:
            backbone[place:] += np.float32(rng.normal(scale=50.0))
        elif change == 9:
            backbone[place] = np.linspace(backbone[place, 0], backbone[place, 2], 3)
        elif change == 10:
            backbone += rng.normal(scale=float(rng.choice([0.1, 2.0, 30.0])), size=backbone.shape).astype(np.float32)
        elif change == 11:
            backbone = backbone[rng.permutation(len(backbone))]
        elif change == 12:
            backbone = np.concatenate([backbone[: place + 1], backbone[place:]])
        elif change == 13:
            backbone[place, atom] = backbone[place, (atom + 1) % 3]
        elif change == 14:
            backbone[:] = np.round(backbone)
        elif change == 15:
            backbone[..., 2] = 0.0
        elif change == 16:
            backbone *= np.float32(rng.choice([1e-30, 1e-3, 10.0]))
        else:
            backbone = backbone[::-1].copy()
    return backbone


def encoded(tokenizer: ProteinStructureTokenizer, proteins: Sequence[Protein]) -> list[NDArray[np.int16] | None]:
    """Codes, or None where the chain was refused with a named error."""
    try:
        return list(tokenizer.encode(proteins))
    except BioMatrixError:
        if len(proteins) == 1:
            return [None]
        half = len(proteins) // 2
        return encoded(tokenizer, proteins[:half]) + encoded(tokenizer, proteins[half:])


def check_decoded(codes: NDArray[np.int16], backbone: NDArray[np.float32]) -> None:
    assert backbone.shape == (len(codes), 3, 3)
    assert np.isnan(backbone[codes < 0]).all()
    assert (np.abs(backbone[codes >= 0]) < LONGEST_STEP * len(codes) + LONGEST_STEP).all()


def check_coordinates(
    tokenizer: ProteinStructureTokenizer, chain: NDArray[np.float32], count: int, seed: int, time_limit: TimeLimit
) -> None:
    rng = np.random.default_rng(seed)
    answered = 0
    with np.errstate(all="ignore"):
        for start in range(0, count, BATCH):
            proteins = [Protein.from_backbone(mutated(chain, rng)) for _ in range(min(BATCH, count - start))]
            with time_limit(SECONDS_A_BATCH, f"chains from {start}, seed {seed}"):
                codes = encoded(tokenizer, proteins)
                given = [(p, c) for p, c in zip(proteins, codes, strict=True) if c is not None]
                decoded = tokenizer.decode([c for _, c in given])
            for (protein, code), back in zip(given, decoded, strict=True):
                assert protein.backbone is not None
                np.testing.assert_array_equal(code >= 0, resolved_residues(protein.backbone))
                check_decoded(code, back)
            answered += len(given)
    assert answered > 0.7 * count


def odd_codes(rng: np.random.Generator, num_codes: int) -> Any:
    """Something that may or may not be a code array."""
    length = int(rng.integers(0, 24))
    codes: Any = rng.integers(-1, num_codes, size=length)
    kind = rng.integers(12)
    if kind == 0 and length:
        codes[rng.integers(length)] = rng.choice([-2, num_codes, 2**31, -(2**40)])
    elif kind == 1:
        codes = codes.astype(float)
    elif kind == 2:
        codes = codes[None]
    elif kind == 3:
        codes = [*codes.tolist(), 10**30]
    elif kind == 4:
        codes = [[1], [1, 2]]
    elif kind == 5:
        codes = [str(code) for code in codes.tolist()]
    elif kind == 6:
        codes = codes.astype(np.int16)
    elif kind == 7:
        codes = np.full(length, -1)
    elif kind == 8:
        codes = rng.choice([None, 3, "7", 2.5, np.nan, b"1"])
    elif kind == 9:
        codes = codes.astype(np.uint64)
    return codes


def check_codes(tokenizer: ProteinStructureTokenizer, count: int, seed: int, time_limit: TimeLimit) -> None:
    rng = np.random.default_rng(seed)
    for start in range(0, count, BATCH):
        with time_limit(SECONDS_A_BATCH, f"codes from {start}, seed {seed}"):
            good: list[Any] = []
            for _ in range(min(BATCH, count - start)):
                codes = odd_codes(rng, tokenizer.num_codes)
                try:
                    tokenizer.decode([codes])
                    good.append(codes)
                except BioMatrixError:
                    continue
            for codes, back in zip(good, tokenizer.decode(good), strict=True):
                check_decoded(np.asarray(codes, dtype=np.int64), back)


_ODD = (
    "<S -1>", "<S 0>", "<S 255>", "<S 256>", "<S 99999999999999999999>", "<S 007>", "<S -0>", "<S -2>", "<S 1.0>",
    "<S 1e3>", "<S>", "<S ١>", "<S  1>", "<s 1>", "", " ", "<", ">", "[C 132]", "<|prot_3d_start|>", "<S 1><S 2>", "蛋",
    "\x00", "<S \ud800>",
)  # fmt: skip


def check_tokens(tokens: Modality, count: int, seed: int, time_limit: TimeLimit) -> None:
    rng = np.random.default_rng(seed)
    for start in range(0, count, BATCH):
        lists = []
        for _ in range(min(BATCH, count - start)):
            words = [f"<S {code}>" for code in rng.integers(-1, 256, size=rng.integers(0, 16))]
            for _ in range(rng.integers(0, 3)):
                words.insert(int(rng.integers(len(words) + 1)), _ODD[rng.integers(len(_ODD))])
            lists.append(words)
        with time_limit(SECONDS_A_BATCH, f"token lists from {start}, seed {seed}"):
            results = tokens.decode_each(lists)
        assert len(results) == len(lists)
        for words, result in zip(lists, results, strict=True):
            if isinstance(result, BioMatrixError):
                continue
            assert isinstance(result, Protein)
            assert result.backbone is not None
            check_decoded(np.array([int(word[3:-1]) for word in words]), result.backbone)


def test_mutated_coordinates(
    tokenizer: ProteinStructureTokenizer, chain: NDArray[np.float32], time_limit: TimeLimit
) -> None:
    check_coordinates(tokenizer, chain, QUICK, 0, time_limit)


def test_random_codes(tokenizer: ProteinStructureTokenizer, time_limit: TimeLimit) -> None:
    check_codes(tokenizer, QUICK, 0, time_limit)


def test_random_tokens(tokens: Modality, time_limit: TimeLimit) -> None:
    check_tokens(tokens, QUICK, 0, time_limit)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_many_mutated_coordinates(
    tokenizer: ProteinStructureTokenizer, chain: NDArray[np.float32], time_limit: TimeLimit
) -> None:
    check_coordinates(tokenizer, chain, FULL, 1, time_limit)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_many_random_codes(tokenizer: ProteinStructureTokenizer, time_limit: TimeLimit) -> None:
    check_codes(tokenizer, FULL, 1, time_limit)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_many_random_tokens(tokens: Modality, time_limit: TimeLimit) -> None:
    check_tokens(tokens, FULL, 1, time_limit)


def test_one_bad_chain_does_not_refuse_the_batch(tokens: Modality, chain: NDArray[np.float32]) -> None:
    far = chain[:10].copy()
    far[3] += 2e5
    results = tokens.encode_each([Protein.from_backbone(each) for each in (chain[:10], far, chain[5:20])])
    assert isinstance(results[1], LimitError)
    assert [len(result) for result in (results[0], results[2]) if isinstance(result, list)] == [10, 15]


@pytest.mark.parametrize("backbone", ["alpha carbons only", "nothing resolved", "collinear"])
def test_chains_without_a_frame_have_no_codes(
    backbone: str, tokenizer: ProteinStructureTokenizer, tokens: Modality, chain: NDArray[np.float32]
) -> None:
    given = chain[:12].copy()
    if backbone == "alpha carbons only":
        given[:, [0, 2]] = np.nan
    elif backbone == "nothing resolved":
        given[:] = np.nan
    else:
        given[:] = np.arange(3, dtype=np.float32)[:, None]
    protein = Protein.from_backbone(given)
    (codes,) = tokenizer.encode([protein])
    assert (codes == -1).all()
    assert np.isnan(tokenizer.decode([codes])[0]).all()
    with pytest.raises(UnsupportedError):
        tokens.encode(protein)


def test_one_residue(tokenizer: ProteinStructureTokenizer, tokens: Modality, chain: NDArray[np.float32]) -> None:
    protein = Protein.from_backbone(chain[:1])
    (codes,) = tokenizer.encode([protein])
    assert len(codes) == 1
    (back,) = tokenizer.decode([codes])
    assert rmsd(back[0], chain[0]) < 0.1
    decoded = tokens.decode(tokens.encode(protein))
    assert isinstance(decoded, Protein)
    assert len(decoded) == 1


def test_twenty_thousand_residues(
    tokenizer: ProteinStructureTokenizer, chain: NDArray[np.float32], time_limit: TimeLimit
) -> None:
    backbone = np.concatenate([chain + np.float32(60.0 * number) for number in range(20_000 // len(chain) + 1)])[
        :20_000
    ]
    with time_limit(60.0, "20,000 residues"):
        (codes,) = tokenizer.encode([Protein.from_backbone(backbone)])
        (back,) = tokenizer.decode([codes])
    assert (codes >= 0).all()
    assert np.isfinite(back).all()
    # copy after copy is joined by a break, and jumps are coarse: the closed loop keeps the whole from drifting
    assert rmsd(back.reshape(-1, 3), backbone.reshape(-1, 3)) < 15.0


def test_mirror_images_and_mixtures_come_back_as_themselves(
    tokenizer: ProteinStructureTokenizer, chain: NDArray[np.float32]
) -> None:
    mirror = np.array([-1.0, 1.0, 1.0], dtype=np.float32)
    mixed = np.concatenate([chain[:60], (chain[60:120] - chain[59, 1]) * mirror + chain[59, 1]])
    for backbone, limit in ((chain * mirror, 2.0), (mixed, 2.0)):
        (codes,) = tokenizer.encode([Protein.from_backbone(backbone)])
        (back,) = tokenizer.decode([codes])
        flat = backbone.reshape(-1, 3)
        assert rmsd(back.reshape(-1, 3), flat) < limit
        assert rmsd(back.reshape(-1, 3), flat) < 0.5 * rmsd(back.reshape(-1, 3), flat * mirror)


def test_breaks_stay_breaks(tokenizer: ProteinStructureTokenizer, chain: NDArray[np.float32]) -> None:
    broken = chain[:90].copy()
    broken[30:] += np.float32(12.0)
    broken[60:] -= np.float32(25.0)
    protein = Protein.from_backbone(broken)
    (codes,) = tokenizer.encode([protein])
    (back,) = tokenizer.decode([codes])
    kinds = [step_kinds(atoms, np.arange(90)) == BREAK for atoms in (broken, back)]
    np.testing.assert_array_equal(*kinds)
    np.testing.assert_array_equal(protein.chain_breaks, replace(protein, backbone=back).chain_breaks)
