"""The geometric codec: what it keeps, what it does not depend on, and what it answers to bad input."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.entities import Protein
from biomatrix.errors import ConfigurationError, DecodeError, LimitError, UnsupportedError, WeightsError
from biomatrix.structure.geometry import (
    C_N_LENGTH,
    CA_C_LENGTH,
    N_CA_C_ANGLE,
    N_CA_LENGTH,
    RESIDUE_TEMPLATE,
    angle,
    backbone_frames,
    dihedral,
    kabsch,
    place_atom,
    rmsd,
    tm_score,
)
from biomatrix.structure.protein.geometric.codebook import BREAK, CIS, TRANS, step_kinds
from biomatrix.structure.protein.geometric.probe import (
    distance_rows,
    fitted_frames,
    frame_matrices,
    inverse_matrices,
    packed_places,
    probe_features,
    steps_between,
)
from biomatrix.structure.protein.geometric.tokenizer import GeometricTokenizer
from biomatrix.structure.protein.geometric.training import GeometricFit, fit, fit_tokenizer, save_codebook
from biomatrix.structure.protein.tokenizer import ProteinStructureTokenizer

HELIX, STRAND, COIL = (-63.0, -43.0), (-120.0, 130.0), (-70.0, 145.0)


def built_chain(seed: int, length: int, cis_at: tuple[int, ...] = ()) -> NDArray[np.float64]:
    """A backbone [length, 3, 3] of helices, strands and coil from its torsions, with a little noise in all angles."""
    rng = np.random.default_rng(seed)
    regions = [(HELIX, STRAND, COIL)[rng.integers(3)] for _ in range(length // 8 + 1)]
    atoms = list(RESIDUE_TEMPLATE)
    for index in range(1, length):
        # Cis bonds lead to proline nearly always, so they get its torsions.
        phi, psi = np.deg2rad(np.array(COIL if index in cis_at else regions[index // 8]) + rng.normal(size=2) * 8)
        omega = (0.0 if index in cis_at else np.pi) + rng.normal() * 0.06
        bends = np.deg2rad([117.2, 121.7, 111.0]) + rng.normal(size=3) * 0.025
        for bond, bend, torsion in zip((C_N_LENGTH, N_CA_LENGTH, CA_C_LENGTH), bends, (psi, omega, phi), strict=True):
            atoms.append(place_atom(*atoms[-3:], bond, bend, torsion))
    return np.array(atoms).reshape(length, 3, 3)


def protein(backbone: NDArray[np.floating]) -> Protein:
    return Protein("A" * len(backbone), np.asarray(backbone, dtype=np.float32))


def rotation(seed: int) -> NDArray[np.float64]:
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return q * np.linalg.det(q)


def error(decoded: NDArray[np.float32], backbone: NDArray[np.floating]) -> float:
    return float(rmsd(decoded.reshape(-1, 3), np.asarray(backbone).reshape(-1, 3)))


@pytest.fixture(scope="module")
def tokenizer() -> ProteinStructureTokenizer:
    return ProteinStructureTokenizer.from_pretrained("geometric-512")


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
        "import sys; from biomatrix.structure.protein.tokenizer import ProteinStructureTokenizer as P;"
        "P.from_pretrained(); sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("seed", range(4))
def test_round_trip_of_built_chains(tokenizer: ProteinStructureTokenizer, seed: int) -> None:
    backbone = built_chain(seed, 80, cis_at=(30,))
    (codes,) = tokenizer.encode([protein(backbone)])
    (back,) = tokenizer.decode([codes])
    assert codes.dtype == np.int16
    assert back.dtype == np.float32
    assert codes.shape == (80,)
    assert error(back, backbone) < 0.4
    assert tm_score(back[:, 1], backbone[:, 1]) > 0.97


def test_round_trip_of_a_real_chain(tokenizer: ProteinStructureTokenizer, real_chain: Protein) -> None:
    (back,) = tokenizer.decode(tokenizer.encode([real_chain]))
    assert real_chain.backbone is not None
    assert error(back, real_chain.backbone) < 0.4
    assert tm_score(back[:, 1], real_chain.backbone[:, 1]) > 0.98
    assert np.allclose(bond_lengths(back), C_N_LENGTH, atol=0.01)


def bond_lengths(backbone: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.linalg.norm(backbone[1:, 0].astype(np.float64) - backbone[:-1, 2], axis=1)


def test_any_bonded_codes_decode_to_right_bonds_and_angles(tokenizer: ProteinStructureTokenizer) -> None:
    assert isinstance(tokenizer, GeometricTokenizer)
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


def test_cis_bonds_stay_cis_and_trans_bonds_trans(tokenizer: ProteinStructureTokenizer) -> None:
    backbone = built_chain(7, 60, cis_at=(12, 40))
    (back,) = tokenizer.decode(tokenizer.encode([protein(backbone)]))
    omega = np.abs(dihedral(back[:-1, 1], back[:-1, 2], back[1:, 0], back[1:, 1]))
    assert set(np.flatnonzero(omega < np.pi / 2) + 1) == {12, 40}


@pytest.mark.parametrize("seed", range(3))
def test_codes_do_not_depend_on_place_or_orientation(tokenizer: ProteinStructureTokenizer, seed: int) -> None:
    backbone = built_chain(seed, 60)
    moved = backbone @ rotation(seed).T + np.random.default_rng(seed).normal(size=3) * 30
    first, second = tokenizer.encode([protein(backbone), protein(moved)])
    # float32 coordinates move by 1e-6 A when turned, so a near tie may fall the other way, rarely.
    assert (first == second).mean() > 0.9
    (one,), (two,) = tokenizer.decode([first]), tokenizer.decode([second])
    assert error(one, two) < 0.1


def test_codes_do_not_depend_on_the_batch(tokenizer: ProteinStructureTokenizer) -> None:
    chains = [protein(built_chain(seed, 10 + 7 * seed)) for seed in range(12)]
    together = tokenizer.encode(chains)
    for chain, codes in zip(chains, together, strict=True):
        assert np.array_equal(tokenizer.encode([chain])[0], codes)
    order = np.random.default_rng(0).permutation(12)
    for index, codes in zip(order, tokenizer.encode([chains[i] for i in order]), strict=True):
        assert np.array_equal(together[index], codes)
    decoded = tokenizer.decode(together)
    for codes, backbone in zip(together, decoded, strict=True):
        assert np.array_equal(tokenizer.decode([codes])[0], backbone)


def test_a_second_round_trip_changes_little(tokenizer: ProteinStructureTokenizer) -> None:
    backbone = built_chain(3, 100)
    (once,) = tokenizer.decode(tokenizer.encode([protein(backbone)]))
    (twice,) = tokenizer.decode(tokenizer.encode([protein(once)]))
    assert error(twice, once) < 0.02


def test_handedness_survives(tokenizer: ProteinStructureTokenizer) -> None:
    helix = built_chain(0, 40)
    (back,) = tokenizer.decode(tokenizer.encode([protein(helix)]))
    phi = dihedral(back[:-1, 2], back[1:, 0], back[1:, 1], back[1:, 2])
    assert (phi < 0).mean() > 0.9
    # The mirror image of a protein is another structure: it is coded as what it is, not turned back.
    mirrored = helix * [1, 1, -1]
    (mirrored_back,) = tokenizer.decode(tokenizer.encode([protein(mirrored)]))
    assert error(mirrored_back, mirrored) < error(mirrored_back, helix)


def test_unresolved_residues_keep_their_place(tokenizer: ProteinStructureTokenizer) -> None:
    backbone = built_chain(5, 70)
    backbone[20:26] = np.nan
    backbone[50, 2, 1] = np.nan
    (codes,) = tokenizer.encode([protein(backbone)])
    missing = np.isnan(backbone).any(axis=(1, 2))
    assert np.array_equal(codes == -1, missing)
    assert isinstance(tokenizer, GeometricTokenizer)
    jumps = codes >= tokenizer.codebook.start_code
    assert set(np.flatnonzero(jumps)) == {0, 26, 51}
    (back,) = tokenizer.decode([codes])
    assert np.array_equal(np.isnan(back).all(axis=(1, 2)), missing)
    assert rmsd(back[~missing].reshape(-1, 3), backbone[~missing].reshape(-1, 3)) < 2.5


def test_chain_breaks_without_missing_residues_are_jumps(tokenizer: ProteinStructureTokenizer) -> None:
    backbone = built_chain(6, 60)
    broken = np.concatenate([backbone[:25], backbone[33:]])
    assert list(np.flatnonzero(step_kinds(broken, np.arange(52)) == BREAK)) == [0, 25]
    (back,) = tokenizer.decode(tokenizer.encode([protein(broken)]))
    assert bond_lengths(back)[24] > 2.0
    assert error(back, broken) < 2.5


def test_small_and_empty_chains_have_stated_answers(tokenizer: ProteinStructureTokenizer) -> None:
    assert isinstance(tokenizer, GeometricTokenizer)
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


def test_codes_out_of_range_are_named(tokenizer: ProteinStructureTokenizer) -> None:
    with pytest.raises(DecodeError, match=r"record 2, position 3: code 512"):
        tokenizer.decode([[0, 1], [0, 1, 512]])
    for wrong in ([-2], [[1, 2]], [0.5]):
        with pytest.raises(DecodeError):
            tokenizer.decode([wrong])


@pytest.mark.parametrize("seed", range(3))
def test_any_code_array_decodes_to_finite_atoms(tokenizer: ProteinStructureTokenizer, seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(-1, tokenizer.num_codes, size=rng.integers(0, 300)) for _ in range(200)]
    for codes, backbone in zip(arrays, tokenizer.decode(arrays), strict=True):
        assert np.array_equal(np.isfinite(backbone).all(axis=(1, 2)), codes >= 0)
        assert np.array_equal(np.isnan(backbone).any(axis=(1, 2)), codes < 0)


@pytest.mark.parametrize("seed", range(3))
def test_mutated_coordinates_never_crash(tokenizer: ProteinStructureTokenizer, seed: int) -> None:
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


def test_long_chains_do_not_drift(tokenizer: ProteinStructureTokenizer) -> None:
    backbone = built_chain(11, 3000)
    (back,) = tokenizer.decode(tokenizer.encode([protein(backbone)]))
    assert error(back, backbone) < 0.6


def test_code_features_are_the_geometry(tokenizer: ProteinStructureTokenizer) -> None:
    features = tokenizer.code_features
    assert features.shape == (512, 9)
    assert features.dtype == np.float64
    first, second = (tokenizer.decode([[0, code]])[0] for code in (3, 77))
    for code, backbone in ((3, first), (77, second)):
        rotations, origins = backbone_frames(backbone[1])
        assert np.allclose(np.concatenate([rotations[:, 0], rotations[:, 1], origins]), features[code], atol=1e-4)


def test_a_fit_is_reproducible_and_saves_itself(tmp_path: Path) -> None:
    chains = [protein(built_chain(seed, 90, cis_at=tuple(range(5, 90, 9)))) for seed in range(30)]
    settings = GeometricFit(num_codes=32, num_cis=4, num_break=4, closed_rounds=1, synthetic_breaks=200, num_beams=2)
    first, second = fit(chains, settings), fit(chains, settings)
    assert np.array_equal(first.rotations, second.rotations)
    assert np.array_equal(first.translations, second.translations)
    fingerprint = save_codebook(tmp_path, first, settings, {"licence": "test"})
    opened = ProteinStructureTokenizer.from_pretrained(tmp_path)
    assert opened.fingerprint == fingerprint
    assert np.array_equal(opened.code_features, first.features)
    finer = GeometricTokenizer(fit(chains, replace(settings, num_codes=256)), num_beams=2)
    unseen = [protein(built_chain(seed, 60)) for seed in range(100, 108)]
    coarse_error, fine_error = (
        np.mean(
            [error(back, chain.backbone) for back, chain in zip(tok.decode(tok.encode(unseen)), unseen, strict=True)]
        )
        for tok in (opened, finer)
    )
    assert fine_error < 0.6 * coarse_error


def test_impossible_settings_are_refused(tokenizer: ProteinStructureTokenizer) -> None:
    with pytest.raises(ConfigurationError):
        GeometricFit(num_codes=64, num_cis=32, num_break=32)
    with pytest.raises(ConfigurationError, match="give more chains"):
        fit([protein(built_chain(0, 20))], GeometricFit())
    assert isinstance(tokenizer, GeometricTokenizer)
    with pytest.raises(ConfigurationError, match="num_beams"):
        GeometricTokenizer(tokenizer.codebook, num_beams=0)
    with pytest.raises(WeightsError):
        ProteinStructureTokenizer.from_pretrained("no-such-tokenizer")


@pytest.fixture(scope="module")
def fast() -> GeometricTokenizer:
    opened = ProteinStructureTokenizer.from_pretrained("geometric")
    assert isinstance(opened, GeometricTokenizer)
    return opened


def test_old_weights_give_the_codes_they_gave() -> None:
    old = ProteinStructureTokenizer.from_pretrained("geometric-512")
    assert old.fingerprint == "8d2f12195b0c"
    assert isinstance(old, GeometricTokenizer)
    assert old.settings is None
    (codes,) = old.encode([protein(built_chain(0, 24, cis_at=(12,)))])
    assert codes.tolist() == [
        448,
        151,
        300,
        243,
        168,
        417,
        168,
        40,
        204,
        132,
        84,
        352,
        437,
        283,
        57,
        368,
        266,
        265,
        6,
        132,
        375,
        277,
        277,
        335,
    ]


@pytest.mark.parametrize("seed", range(3))
def test_round_trip_of_the_fast_search(fast: GeometricTokenizer, seed: int) -> None:
    backbone = built_chain(seed, 90, cis_at=(30,))
    (back,) = fast.decode(fast.encode([protein(backbone)]))
    assert error(back, backbone) < 0.25
    assert np.allclose(bond_lengths(back), C_N_LENGTH, atol=0.01)
    omega = np.abs(dihedral(back[:-1, 1], back[:-1, 2], back[1:, 0], back[1:, 1]))
    assert set(np.flatnonzero(omega < np.pi / 2) + 1) == {30}


def test_codes_do_not_depend_on_the_batch_of_the_fast_search(fast: GeometricTokenizer) -> None:
    chains = [protein(built_chain(seed, 10 + 7 * seed)) for seed in range(11)]
    broken = built_chain(50, 80)
    chains.append(protein(np.concatenate([broken[:30], broken[41:]])))
    together = fast.encode(chains)
    for chain, codes in zip(chains, together, strict=True):
        assert np.array_equal(fast.encode([chain])[0], codes)
    for codes, backbone in zip(together, fast.decode(together), strict=True):
        assert np.array_equal(fast.decode([codes])[0], backbone)


def test_breaks_are_crossed_closely(fast: GeometricTokenizer) -> None:
    errors = []
    for seed in range(8):
        backbone = built_chain(seed, 90)
        broken = np.concatenate([backbone[:35], backbone[43:]])
        (codes,) = fast.encode([protein(broken)])
        assert list(np.flatnonzero(codes >= fast.codebook.start_code)) == [0, 35]
        errors.append(error(fast.decode([codes])[0], broken))
    assert np.mean(errors) < 0.5


def test_gaps_next_to_ends_and_each_other_decode(fast: GeometricTokenizer) -> None:
    backbone = built_chain(4, 40)
    for missing in ([1], [38], [1, 3, 5, 7], list(range(1, 39)), [20, 22, 30]):
        holed = backbone.copy()
        holed[missing] = np.nan
        (codes,) = fast.encode([protein(holed)])
        assert np.array_equal(np.flatnonzero(codes == -1), missing)
        (back,) = fast.decode([codes])
        assert np.isfinite(np.delete(back, missing, axis=0)).all()


@pytest.mark.parametrize("seed", range(3))
def test_any_codes_and_coordinates_give_finite_atoms(fast: GeometricTokenizer, seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(-1, fast.num_codes, size=rng.integers(0, 200)) for _ in range(60)]
    for codes, backbone in zip(arrays, fast.decode(arrays), strict=True):
        assert np.array_equal(np.isfinite(backbone).all(axis=(1, 2)), codes >= 0)
    chains = []
    for _ in range(40):
        backbone = built_chain(seed, 24)
        hit = rng.random(backbone.shape) < 0.1
        backbone[hit] = rng.choice([0.0, np.nan, np.inf, 1.0, 1e-30, 9e4], size=hit.sum())
        chains.append(protein(backbone))
    for codes, chain in zip(fast.encode(chains), chains, strict=True):
        assert (codes[~chain.resolved] == -1).all()
        assert codes.max(initial=-1) < fast.num_codes


def test_long_chains_do_not_drift_of_the_fast_search(fast: GeometricTokenizer) -> None:
    backbone = built_chain(11, 2000)
    (back,) = fast.decode(fast.encode([protein(backbone)]))
    assert error(back, backbone) < 0.3


def test_fitted_frames_are_the_best_superposition() -> None:
    rng = np.random.default_rng(0)
    atoms = RESIDUE_TEMPLATE + rng.normal(size=(50, 3, 3)) * 0.2
    rotations, origins = fitted_frames(atoms)
    expected = kabsch(np.broadcast_to(RESIDUE_TEMPLATE, atoms.shape), atoms)
    assert np.allclose(rotations, expected[0], atol=1e-6)
    assert np.allclose(origins, expected[1], atol=1e-6)


def test_frame_matrices_lead_from_residue_to_residue() -> None:
    probe = np.random.default_rng(0).normal(size=(3, 4))
    rotations, origins = fitted_frames(built_chain(0, 30))
    steps = steps_between(rotations, origins, probe)
    for index in range(1, 30):
        local = rotations[index - 1].T
        step = frame_matrices(local @ rotations[index], local @ (origins[index] - origins[index - 1]), probe)
        assert np.allclose(steps[index], step, atol=1e-5)
        assert np.allclose(step @ inverse_matrices(step), np.eye(4), atol=1e-12)


def test_distance_rows_give_the_distance_of_placed_probes() -> None:
    probe = np.random.default_rng(1).normal(size=(3, 4))
    frames_of = zip(*[(rotation(i), np.ones(3) * i) for i in range(6)], strict=True)
    rotations, origins = (np.stack(part) for part in frames_of)
    placed = probe_features(rotations, origins, probe).reshape(6, 12)
    frames = frame_matrices(rotations, origins, probe).reshape(6, 16)
    frames[:, 1] = (frames[:, 4::4] ** 2).sum(axis=1)
    expected = ((placed[:, None] - placed) ** 2).sum(axis=2)
    assert np.allclose(frames @ distance_rows(placed, probe).T, expected, atol=1e-3)


def test_packed_numbers_sort_as_the_values() -> None:
    values = np.random.default_rng(2).exponential(size=(5, 100)).astype(np.float32)
    packed, mask = packed_places(values.copy())
    order = np.sort(packed, axis=1) & mask
    assert np.array_equal(np.sort(order, axis=1), np.tile(np.arange(100), (5, 1)))
    sorted_values = np.take_along_axis(values, order, axis=1)
    assert (np.diff(sorted_values, axis=1) > -1e-4 * sorted_values[:, 1:]).all()


def test_short_chains_have_more_beams_and_come_back_closer(fast: GeometricTokenizer) -> None:
    assert fast.settings is not None
    assert [fast.settings.beams_of(length) for length in (29, 30, 50, 100)] == [64, 32, 8, 4]
    plain = GeometricTokenizer(fast.codebook, search=replace(fast.settings, short_chains=()))
    chains = [protein(built_chain(seed, 25)) for seed in range(10)]
    more, fewer = (
        [
            error(back, chain.backbone)
            for back, chain in zip(tok.decode(tok.encode(chains)), chains, strict=True)
            if chain.backbone is not None
        ]
        for tok in (fast, plain)
    )
    assert np.mean(more) < np.mean(fewer)


def test_impossible_searches_are_refused(fast: GeometricTokenizer) -> None:
    assert fast.settings is not None
    for wrong in (
        {"num_beams": 0},
        {"short_chains": ((30, 65),)},
        {"short_chains": ((50, 8), (30, 16))},
        {"num_candidates": 7},
    ):
        with pytest.raises(ConfigurationError):
            replace(fast.settings, **wrong)


def test_shifts_need_the_fast_search(fast: GeometricTokenizer) -> None:
    with pytest.raises(ConfigurationError, match="probe"):
        GeometricTokenizer(fast.codebook)


def test_a_fit_for_the_fast_search_is_reproducible_and_saves_itself(tmp_path: Path) -> None:
    chains = [protein(built_chain(seed, 90, cis_at=tuple(range(5, 90, 9)))) for seed in range(30)]
    settings = GeometricFit(
        num_codes=48,
        num_cis=4,
        num_break=8,
        closed_rounds=2,
        synthetic_breaks=400,
        num_beams=2,
        num_candidates=16,
        num_cells=16,
        shift_base=4,
        shift_stages=3,
        probe=[1.1, 1.8, 0, 0, 0.2, -0.3, 0.4, 0, 0.1, 0, 0, 0.2],
    )
    first, second = fit_tokenizer(chains, settings), fit_tokenizer(chains, settings)
    assert np.array_equal(first.codebook.rotations, second.codebook.rotations)
    assert first.settings is not None
    save_codebook(tmp_path, first.codebook, settings, {"licence": "test"}, first.settings)
    opened = ProteinStructureTokenizer.from_pretrained(tmp_path)
    for one, two in zip(opened.encode(chains), second.encode(chains), strict=True):
        assert np.array_equal(one, two)


@pytest.mark.slow
def test_unseen_chains_are_rebuilt_closely(tokenizer: ProteinStructureTokenizer, shared: Path) -> None:
    from biomatrix.structure.protein.chains import read_chains

    table = shared / "data" / "protein" / "structures" / "chains.parquet"
    chains = [record.protein for record in read_chains(table) if record.split == "test"]
    errors = [
        error(back, chain.backbone)
        for back, chain in zip(tokenizer.decode(tokenizer.encode(chains)), chains, strict=True)
        if chain.backbone is not None
    ]
    assert len(errors) == 383
    assert np.mean(errors) < 0.32
    assert np.median(errors) < 0.24


@pytest.mark.slow
def test_unseen_chains_are_rebuilt_closely_by_the_fast_search(fast: GeometricTokenizer, shared: Path) -> None:
    from biomatrix.structure.protein.chains import read_chains

    table = shared / "data" / "protein" / "structures" / "chains.parquet"
    chains = [record.protein for record in read_chains(table) if record.split == "test"]
    errors = [
        error(back, chain.backbone)
        for back, chain in zip(fast.decode(fast.encode(chains)), chains, strict=True)
        if chain.backbone is not None
    ]
    assert np.mean(errors) < 0.142
