"""The geometric codec: what it keeps, what it does not depend on, and what it answers to bad input."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.entities import Protein
from biomatrix.entities.protein.structure.geometric.codebook import BREAK, CIS, TRANS, step_kinds
from biomatrix.entities.protein.structure.geometric.tokenizer import GeometricTokenizer
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.entities.tokenizer_folder import load_weights, save_weights
from biomatrix.errors import ConfigurationError, DecodeError, LimitError, UnsupportedError, WeightsError
from biomatrix.metrics.geometry import (
    C_N_LENGTH,
    CA_C_LENGTH,
    N_CA_C_ANGLE,
    N_CA_LENGTH,
    angle,
    backbone_frames,
    dihedral,
)
from biomatrix.metrics.superposition import rmsd, tm_score

Build = Callable[..., NDArray[np.float64]]


def protein(backbone: NDArray[np.floating]) -> Protein:
    return Protein("A" * len(backbone), np.asarray(backbone, dtype=np.float32))


def rotation(seed: int) -> NDArray[np.float64]:
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return q * np.linalg.det(q)


def error(decoded: NDArray[np.float32], backbone: NDArray[np.floating]) -> float:
    return float(rmsd(decoded.reshape(-1, 3), np.asarray(backbone).reshape(-1, 3)))


def opened(name: str) -> GeometricTokenizer:
    tokenizer = ProteinStructureTokenizer.from_pretrained(name)
    assert isinstance(tokenizer, GeometricTokenizer)
    return tokenizer


@pytest.fixture(scope="module", params=["geometric-256", "geometric-4096"])
def tokenizer(request: pytest.FixtureRequest) -> GeometricTokenizer:
    return opened(request.param)


@pytest.fixture(scope="module")
def real_chain() -> Protein:
    """Chain A of dihydrofolate reductase 1s3v, as the PoseBusters package carries it."""
    import posebusters
    from biotite.structure import filter_peptide_backbone
    from biotite.structure.io.pdb import PDBFile

    folder = Path(posebusters.__file__).parent / "datasets" / "pdb" / "1s3v"
    model = PDBFile.read(folder / "1s3v_protein_one_lig_removed.pdb").get_structure(model=1)
    model = model[filter_peptide_backbone(model) & (model.chain_id == model.chain_id[0])]
    backbone = [
        [model.coord[(model.res_id == i) & (model.atom_name == name)][0] for name in ("N", "CA", "C")]
        for i in np.unique(model.res_id)
    ]
    return protein(np.array(backbone))


def test_default_is_the_shipped_codec_and_needs_no_torch() -> None:
    default = ProteinStructureTokenizer.from_pretrained()
    assert isinstance(default, GeometricTokenizer)
    assert (default.name, default.num_codes, default.fingerprint) == ("geometric-256", 256, "17ff210436e2")
    script = (
        "import sys; from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer as P;"
        "P.from_pretrained(); sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_shipped_weights_give_the_codes_they_gave(built_chain: Build) -> None:
    (codes,) = opened("geometric-256").encode([protein(built_chain(0, 24, cis_at=(12,)))])
    expected = "240 36 14 23 36 17 18 30 81 94 74 78 238 80 83 78 85 86 80 88 79 85 66 70"
    assert " ".join(map(str, codes)) == expected


@pytest.mark.parametrize("missing", ["probe", "cells", "shift_rotations"])
def test_weights_without_a_search_are_refused(tmp_path: Path, missing: str) -> None:
    stored = load_weights("protein", "geometric-256")
    save_weights(tmp_path, stored.config, {name: one for name, one in stored.tensors.items() if name != missing})
    with pytest.raises(WeightsError, match=f"1 missing .*{missing}"):
        ProteinStructureTokenizer.from_pretrained(tmp_path)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(WeightsError, match="no-such-tokenizer"):
        ProteinStructureTokenizer.from_pretrained("no-such-tokenizer")


@pytest.mark.parametrize("seed", range(4))
def test_round_trip_of_built_chains(tokenizer: GeometricTokenizer, seed: int, built_chain: Build) -> None:
    backbone = built_chain(seed, 80, cis_at=(30,))
    (codes,) = tokenizer.encode([protein(backbone)])
    (back,) = tokenizer.decode([codes])
    assert codes.dtype == np.int16
    assert back.dtype == np.float32
    assert codes.shape == (80,)
    assert error(back, backbone) < {256: 0.45, 4096: 0.25}[tokenizer.num_codes]
    assert tm_score(back[:, 1], backbone[:, 1]) > 0.97
    assert np.allclose(bond_lengths(back), C_N_LENGTH, atol=0.01)


def test_round_trip_of_a_real_chain(tokenizer: GeometricTokenizer, real_chain: Protein) -> None:
    (back,) = tokenizer.decode(tokenizer.encode([real_chain]))
    assert real_chain.backbone is not None
    assert error(back, real_chain.backbone) < 0.4
    assert tm_score(back[:, 1], real_chain.backbone[:, 1]) > 0.98
    assert np.allclose(bond_lengths(back), C_N_LENGTH, atol=0.01)


def bond_lengths(backbone: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.linalg.norm(backbone[1:, 0].astype(np.float64) - backbone[:-1, 2], axis=1)


def test_any_bonded_codes_decode_to_right_bonds_and_angles(tokenizer: GeometricTokenizer) -> None:
    bonded = tokenizer.codebook.start_code
    codes = np.random.default_rng(0).integers(bonded, size=400)
    (back,) = tokenizer.decode([codes])
    assert np.allclose(bond_lengths(back), C_N_LENGTH, atol=2e-3)
    assert np.allclose(np.linalg.norm(back[:, 1] - back[:, 0], axis=1), N_CA_LENGTH, atol=2e-3)
    assert np.allclose(np.linalg.norm(back[:, 2] - back[:, 1], axis=1), CA_C_LENGTH, atol=2e-3)
    assert np.allclose(angle(*back.swapaxes(0, 1)), N_CA_C_ANGLE, atol=5e-3)
    for bend, ideal in (
        (angle(back[:-1, 1], back[:-1, 2], back[1:, 0]), 117.2),
        (angle(back[:-1, 2], back[1:, 0], back[1:, 1]), 121.7),
    ):
        assert np.abs(np.rad2deg(bend) - ideal).max() < 6.5
    kinds = step_kinds(back, np.arange(len(back)))[1:]
    cis = codes[1:] >= tokenizer.codebook.num_trans
    assert (kinds == np.where(cis, CIS, TRANS)).all()


def test_cis_bonds_stay_cis_and_trans_bonds_trans(tokenizer: GeometricTokenizer, built_chain: Build) -> None:
    backbone = built_chain(7, 60, cis_at=(12, 40))
    (back,) = tokenizer.decode(tokenizer.encode([protein(backbone)]))
    omega = np.abs(dihedral(back[:-1, 1], back[:-1, 2], back[1:, 0], back[1:, 1]))
    assert set(np.flatnonzero(omega < np.pi / 2) + 1) == {12, 40}


def test_place_and_orientation_alter_few_codes_and_no_error(tokenizer: GeometricTokenizer, built_chain: Build) -> None:
    chains = [built_chain(seed, 60) for seed in range(20)]
    moved = [
        chain @ rotation(seed).T + np.random.default_rng(seed).normal(size=3) * 30 for seed, chain in enumerate(chains)
    ]
    here, there = (tokenizer.encode([protein(chain) for chain in group]) for group in (chains, moved))
    # float32 coordinates move by 1e-6 A when turned, so a near tie may fall the other way: then all that follow differ.
    assert np.mean([np.array_equal(one, two) for one, two in zip(here, there, strict=True)]) > 0.7
    for chain, one, two in zip(chains, tokenizer.decode(here), tokenizer.decode(there), strict=True):
        assert error(one, chain) == pytest.approx(error(two, chain), abs=0.02)
        assert error(one, two) < 0.2


def test_codes_do_not_depend_on_the_batch(tokenizer: GeometricTokenizer, built_chain: Build) -> None:
    chains = [protein(built_chain(seed, 10 + 7 * seed)) for seed in range(11)]
    broken = built_chain(50, 80)
    chains.append(protein(np.concatenate([broken[:30], broken[41:]])))
    together = tokenizer.encode(chains)
    for chain, codes in zip(chains, together, strict=True):
        assert np.array_equal(tokenizer.encode([chain])[0], codes)
    order = np.random.default_rng(0).permutation(12)
    for index, codes in zip(order, tokenizer.encode([chains[i] for i in order]), strict=True):
        assert np.array_equal(together[index], codes)
    decoded = tokenizer.decode(together)
    for codes, backbone in zip(together, decoded, strict=True):
        assert np.array_equal(tokenizer.decode([codes])[0], backbone)


def test_a_second_round_trip_changes_little(tokenizer: GeometricTokenizer, built_chain: Build) -> None:
    backbone = built_chain(3, 100)
    (once,) = tokenizer.decode(tokenizer.encode([protein(backbone)]))
    (twice,) = tokenizer.decode(tokenizer.encode([protein(once)]))
    assert error(twice, once) < {256: 0.02, 4096: 0.06}[tokenizer.num_codes]


def test_handedness_survives(tokenizer: GeometricTokenizer, built_chain: Build) -> None:
    helix = built_chain(0, 40)
    (back,) = tokenizer.decode(tokenizer.encode([protein(helix)]))
    phi = dihedral(back[:-1, 2], back[1:, 0], back[1:, 1], back[1:, 2])
    assert (phi < 0).mean() > 0.9
    # The mirror image of a protein is another structure: it is coded as what it is, not turned back.
    mirrored = helix * [1, 1, -1]
    (mirrored_back,) = tokenizer.decode(tokenizer.encode([protein(mirrored)]))
    assert error(mirrored_back, mirrored) < error(mirrored_back, helix)


def test_unresolved_residues_keep_their_place(tokenizer: GeometricTokenizer, built_chain: Build) -> None:
    backbone = built_chain(5, 70)
    backbone[20:26] = np.nan
    backbone[50, 2, 1] = np.nan
    (codes,) = tokenizer.encode([protein(backbone)])
    missing = np.isnan(backbone).any(axis=(1, 2))
    assert np.array_equal(codes == -1, missing)
    jumps = codes >= tokenizer.codebook.start_code
    assert set(np.flatnonzero(jumps)) == {0, 26, 51}
    (back,) = tokenizer.decode([codes])
    assert np.array_equal(np.isnan(back).all(axis=(1, 2)), missing)
    assert rmsd(back[~missing].reshape(-1, 3), backbone[~missing].reshape(-1, 3)) < 2.5


def test_chain_breaks_without_missing_residues_are_jumps(tokenizer: GeometricTokenizer, built_chain: Build) -> None:
    backbone = built_chain(6, 60)
    broken = np.concatenate([backbone[:25], backbone[33:]])
    assert list(np.flatnonzero(step_kinds(broken, np.arange(52)) == BREAK)) == [0, 25]
    (back,) = tokenizer.decode(tokenizer.encode([protein(broken)]))
    assert bond_lengths(back)[24] > 2.0
    assert error(back, broken) < 2.5


def test_small_and_empty_chains_have_stated_answers(tokenizer: GeometricTokenizer, built_chain: Build) -> None:
    start = tokenizer.codebook.start_code
    chain = built_chain(1, 3)
    assert [codes.tolist() for codes in tokenizer.encode([protein(chain[:1]), protein(chain[:0])])] == [[start], []]
    assert tokenizer.encode([protein(chain[:2])])[0][0] == start
    assert tokenizer.encode([]) == []
    ca_only = np.full((5, 3, 3), np.nan)
    ca_only[:, 1] = np.arange(15).reshape(5, 3)
    line = np.arange(3)[None, :, None] * np.ones((4, 1, 3))
    for nothing in (np.full((5, 3, 3), np.nan), ca_only, line):
        assert (tokenizer.encode([protein(nothing)])[0] == -1).all()
    with pytest.raises(UnsupportedError, match="without coordinates"):
        tokenizer.encode([Protein("ACD")])
    with pytest.raises(LimitError, match="beyond"):
        tokenizer.encode([protein(chain * 1e6)])


def test_codes_out_of_range_are_named(tokenizer: GeometricTokenizer) -> None:
    with pytest.raises(DecodeError, match=rf"record 2, position 3: code {tokenizer.num_codes} "):
        tokenizer.decode([[0, 1], [0, 1, tokenizer.num_codes]])
    for wrong in ([-2], [[1, 2]], [0.5]):
        with pytest.raises(DecodeError):
            tokenizer.decode([wrong])


@pytest.mark.parametrize("seed", range(3))
def test_any_code_array_decodes_to_finite_atoms(tokenizer: GeometricTokenizer, seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(-1, tokenizer.num_codes, size=rng.integers(0, 300)) for _ in range(200)]
    for codes, backbone in zip(arrays, tokenizer.decode(arrays), strict=True):
        assert np.array_equal(np.isfinite(backbone).all(axis=(1, 2)), codes >= 0)
        assert np.array_equal(np.isnan(backbone).any(axis=(1, 2)), codes < 0)


@pytest.mark.parametrize("seed", range(3))
def test_mutated_coordinates_never_crash(tokenizer: GeometricTokenizer, seed: int, built_chain: Build) -> None:
    rng = np.random.default_rng(seed)
    chains = []
    for _ in range(60):
        backbone = built_chain(seed, 24)
        hit = rng.random(backbone.shape) < rng.choice([0.01, 0.3])
        backbone[hit] = rng.choice([0.0, np.nan, np.inf, -np.inf, 1.0, 1e-30, 9e4], size=hit.sum())
        chains.append(protein(backbone))
    for codes, chain, backbone in zip(coded := tokenizer.encode(chains), chains, tokenizer.decode(coded), strict=True):
        assert len(codes) == len(chain)
        assert (codes[~chain.resolved] == -1).all()
        assert np.isfinite(backbone[codes >= 0]).all()


def test_long_chains_do_not_drift(tokenizer: GeometricTokenizer, built_chain: Build) -> None:
    backbone = built_chain(11, 3000)
    (back,) = tokenizer.decode(tokenizer.encode([protein(backbone)]))
    assert error(back, backbone) < {256: 0.5, 4096: 0.3}[tokenizer.num_codes]


def test_code_features_are_the_geometry(tokenizer: GeometricTokenizer) -> None:
    features = tokenizer.code_features
    assert features.shape == (tokenizer.num_codes, 9)
    assert features.dtype == np.float64
    first, second = (tokenizer.decode([[0, code]])[0] for code in (3, 77))
    for code, backbone in ((3, first), (77, second)):
        rotations, origins = backbone_frames(backbone[1])
        assert np.allclose(np.concatenate([rotations[:, 0], rotations[:, 1], origins]), features[code], atol=1e-4)


def test_breaks_are_crossed_closely(tokenizer: GeometricTokenizer, built_chain: Build) -> None:
    errors = []
    for seed in range(8):
        backbone = built_chain(seed, 90)
        broken = np.concatenate([backbone[:35], backbone[43:]])
        (codes,) = tokenizer.encode([protein(broken)])
        assert list(np.flatnonzero(codes >= tokenizer.codebook.start_code)) == [0, 35]
        errors.append(error(tokenizer.decode([codes])[0], broken))
    assert np.mean(errors) < {256: 0.9, 4096: 0.5}[tokenizer.num_codes]


def test_gaps_next_to_ends_and_each_other_decode(tokenizer: GeometricTokenizer, built_chain: Build) -> None:
    backbone = built_chain(4, 40)
    for missing in ([1], [38], [1, 3, 5, 7], list(range(1, 39)), [20, 22, 30]):
        holed = backbone.copy()
        holed[missing] = np.nan
        (codes,) = tokenizer.encode([protein(holed)])
        assert np.array_equal(np.flatnonzero(codes == -1), missing)
        (back,) = tokenizer.decode([codes])
        assert np.isfinite(np.delete(back, missing, axis=0)).all()


def test_short_chains_have_more_beams_and_come_back_closer(tokenizer: GeometricTokenizer, built_chain: Build) -> None:
    beams = [tokenizer.settings.beams_of(length) for length in (29, 30, 50, 100)]
    assert beams == {256: [64, 32, 16, 8], 4096: [64, 32, 8, 4]}[tokenizer.num_codes]
    plain = GeometricTokenizer(tokenizer.codebook, replace(tokenizer.settings, short_chains=()))
    chains = [protein(built_chain(seed, 25)) for seed in range(10)]
    more, fewer = (
        [
            error(back, chain.backbone)
            for back, chain in zip(tok.decode(tok.encode(chains)), chains, strict=True)
            if chain.backbone is not None
        ]
        for tok in (tokenizer, plain)
    )
    assert np.mean(more) < np.mean(fewer)


def test_impossible_searches_are_refused(tokenizer: GeometricTokenizer) -> None:
    for wrong in (
        {"num_beams": 0},
        {"short_chains": ((30, 65),)},
        {"short_chains": ((50, 8), (30, 16))},
        {"num_candidates": 7},
    ):
        with pytest.raises(ConfigurationError):
            replace(tokenizer.settings, **wrong)


@pytest.mark.slow
def test_unseen_chains_are_rebuilt_closely(tokenizer: GeometricTokenizer, shared: Path) -> None:
    from biomatrix.entities.protein.files.chain_table import read_chains

    table = shared / "data" / "protein" / "structures" / "chains.parquet"
    chains = [record.protein for record in read_chains(table) if record.split == "test"]
    errors = [
        error(back, chain.backbone)
        for back, chain in zip(tokenizer.decode(tokenizer.encode(chains)), chains, strict=True)
        if chain.backbone is not None
    ]
    assert len(errors) == 383
    mean, median = {256: (0.295, 0.28), 4096: (0.142, 0.13)}[tokenizer.num_codes]
    assert np.mean(errors) < mean
    assert np.median(errors) < median
