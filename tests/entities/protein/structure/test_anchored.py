"""The anchored codec: exact without wrong codes, exact again after few, and never worse than an answer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.entities import Protein
from biomatrix.entities.protein.examples import bundled_protein
from biomatrix.entities.protein.structure.anchored.digits import Slabs
from biomatrix.entities.protein.structure.anchored.placement import routes
from biomatrix.entities.protein.structure.anchored.reading import Piece, Reading
from biomatrix.entities.protein.structure.anchored.tokenizer import AnchoredTokenizer
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.entities.rigid_steps.composition import rebuilt
from biomatrix.entities.tokenizer_folder import load_weights, save_weights, weights_root
from biomatrix.errors import ConfigurationError, DecodeError, LimitError, UnsupportedError, WeightsError
from biomatrix.metrics.geometry import C_N_LENGTH
from biomatrix.metrics.superposition import rmsd
from biomatrix.training.tokenizers import read_tokenizer_recipe, train_tokenizer

TimeLimit = Callable[[float, str], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def tokenizer() -> AnchoredTokenizer:
    opened = ProteinStructureTokenizer.from_pretrained("anchored-4096")
    assert isinstance(opened, AnchoredTokenizer)
    return opened


@pytest.fixture(scope="module")
def chain() -> NDArray[np.float32]:
    """A real chain of the package, 1s3v, whose cluster was not learned from."""
    backbone = bundled_protein().backbone
    assert backbone is not None
    return backbone[np.isfinite(backbone).all(axis=(1, 2))]


def protein(backbone: NDArray[np.floating]) -> Protein:
    return Protein("A" * len(backbone), np.asarray(backbone, dtype=np.float32))


def error(decoded: NDArray[np.float32], backbone: NDArray[np.floating]) -> float:
    return float(rmsd(decoded.reshape(-1, 3), np.asarray(backbone).reshape(-1, 3)))


def reading_of(codes: NDArray[np.integer], tokenizer: AnchoredTokenizer, slack: float = 0.0) -> Reading:
    steps, digits = np.divmod(codes.astype(np.int64), tokenizer.slabs.levels)
    rotations, origins = rebuilt([steps], tokenizer.steps.codebook)
    return Reading(digits, rotations[0], origins[0], tokenizer.slabs, slack)


def test_round_trip(tokenizer: AnchoredTokenizer, chain: NDArray[np.float32]) -> None:
    (codes,) = tokenizer.encode([protein(chain)])
    assert codes.dtype == np.int16
    (back,) = tokenizer.decode([codes])
    assert error(back, chain) < 0.5
    bonds = np.linalg.norm(back[1:, 0] - back[:-1, 2], axis=1)
    assert np.allclose(bonds, C_N_LENGTH, atol=0.01)


def test_steps_are_those_of_the_geometric_codec(tokenizer: AnchoredTokenizer, chain: NDArray[np.float32]) -> None:
    given = [protein(chain), protein(chain[20:90])]
    steps = tokenizer.steps.encode(given)
    codes = tokenizer.encode(given)
    for ours, theirs in zip(codes, steps, strict=True):
        assert np.array_equal(ours // tokenizer.slabs.levels, theirs)
    for back, plain in zip(tokenizer.decode(codes), tokenizer.steps.decode(steps), strict=True):
        assert np.allclose(back, plain, atol=1e-3)


def test_digits_say_in_which_slab_a_residue_lies(tokenizer: AnchoredTokenizer, chain: NDArray[np.float32]) -> None:
    (codes,) = tokenizer.encode([protein(chain)])
    (back,) = tokenizer.decode([codes])
    index = np.arange(len(chain))
    widths = np.array([2.0, 2.0, 2.0, 4.0, 4.0, 4.0])[index % 6]
    expected = np.floor(back[index, 1, index % 3] / widths) % 16
    # Float32 may round a residue over the edge of its slab.
    assert (codes % 16 == expected).mean() > 0.99


def test_codes_do_not_depend_on_the_batch(tokenizer: AnchoredTokenizer, chain: NDArray[np.float32]) -> None:
    rng = np.random.default_rng(0)
    pieces = [chain[start : start + size] for start, size in ((0, 50), (30, 1), (60, 110), (7, 2), (100, 80))]
    broken = np.concatenate([chain[:40], chain[52:120]])
    given = [protein(piece) for piece in [*pieces, broken]]
    together = tokenizer.encode(given)
    again = tokenizer.encode(given)
    for each, codes, repeated in zip(given, together, again, strict=True):
        assert np.array_equal(codes, repeated)
        assert np.array_equal(tokenizer.encode([each])[0], codes)
    for codes in list(together):
        wrong = codes.copy()
        wrong[1:][rng.random(len(wrong) - 1) < 0.05] = 7
        together.append(wrong)
    for codes, backbone in zip(together, tokenizer.decode(together), strict=True):
        assert np.array_equal(tokenizer.decode([codes])[0], backbone)


def test_one_wrong_code_is_corrected_exactly(tokenizer: AnchoredTokenizer, chain: NDArray[np.float32]) -> None:
    rng = np.random.default_rng(1)
    (codes,) = tokenizer.encode([protein(chain)])
    (clean,) = tokenizer.decode([codes])
    right = np.array([code // 16 < tokenizer.steps.codebook.start_code for code in codes])
    assert right[1:].all()
    exact = []
    for place in range(5, len(chain) - 25, 12):
        wrong = codes.copy()
        wrong[place] = rng.integers(tokenizer.steps.codebook.start_code * 16)
        exact.append(error(tokenizer.decode([wrong])[0], clean))
    assert np.mean(np.array(exact) < 1e-3) > 0.85
    assert max(exact) < 0.5


def test_a_wrong_digit_alone_changes_nothing(tokenizer: AnchoredTokenizer, chain: NDArray[np.float32]) -> None:
    (codes,) = tokenizer.encode([protein(chain)])
    wrong = codes.copy()
    wrong[40] = wrong[40] // 16 * 16 + (wrong[40] + 5) % 16
    assert error(*tokenizer.decode([codes, wrong])) < 0.3


def test_many_wrong_codes(tokenizer: AnchoredTokenizer, chain: NDArray[np.float32]) -> None:
    (codes,) = tokenizer.encode([protein(chain)])
    rng = np.random.default_rng(3)
    noisy = codes.copy()
    places = rng.permutation(np.arange(1, len(codes)))[: len(codes) // 20]
    noisy[places] = rng.integers(tokenizer.steps.codebook.start_code * 16, size=len(places))
    (back,) = tokenizer.decode([noisy])
    (plain,) = tokenizer.steps.decode([noisy // 16])
    assert error(back, chain) < 2.0 < 5.0 < error(plain, chain)


def test_a_stretch_of_wrong_codes_is_left_behind(tokenizer: AnchoredTokenizer, chain: NDArray[np.float32]) -> None:
    (codes,) = tokenizer.encode([protein(chain)])
    (clean,) = tokenizer.decode([codes])
    noisy = codes.copy()
    noisy[60:66] = np.random.default_rng(0).integers(3000, size=6)
    (back,) = tokenizer.decode([noisy])
    after = np.linalg.norm(back[80:, 1] - clean[80:, 1], axis=1)
    assert np.median(after) < 1.5


def test_a_piece_is_placed_by_its_digits_alone(tokenizer: AnchoredTokenizer, chain: NDArray[np.float32]) -> None:
    (codes,) = tokenizer.encode([protein(chain)])
    reading = reading_of(codes, tokenizer, slack=0.5)
    known = Piece(0, 50, np.eye(3), np.zeros(3))
    best = routes(reading, known, 2.0)[0][0]
    span = np.arange(best.start, best.end)
    assert len(span) >= 14
    moved = reading.origins[span] @ best.rotation.T + best.shift
    assert np.linalg.norm(moved - reading.origins[span], axis=1).mean() < 1.5


def test_unresolved_residues_and_breaks(tokenizer: AnchoredTokenizer, chain: NDArray[np.float32]) -> None:
    holed = chain.copy()
    holed[60:68] = np.nan
    (codes,) = tokenizer.encode([protein(holed)])
    assert np.array_equal(np.flatnonzero(codes == -1), np.arange(60, 68))
    assert codes[68] // 16 >= tokenizer.steps.codebook.start_code
    (back,) = tokenizer.decode([codes])
    kept = np.isfinite(holed).all(axis=(1, 2))
    assert np.isnan(back[~kept]).all()
    assert error(back[kept], holed[kept]) < 0.8
    wrong = codes.copy()
    wrong[30] = (int(wrong[30]) + 1600) % 3500
    (mended,) = tokenizer.decode([wrong])
    assert error(mended[kept], back[kept]) < 1.0


def test_small_and_empty_chains(tokenizer: AnchoredTokenizer, chain: NDArray[np.float32]) -> None:
    start = tokenizer.steps.codebook.start_code * 16
    encoded = tokenizer.encode([protein(chain[:1]), protein(chain[:0]), protein(np.full((3, 3, 3), np.nan))])
    assert [codes.tolist() for codes in encoded] == [[start], [], [-1, -1, -1]]
    assert tokenizer.encode([]) == []
    assert tokenizer.decode([]) == []
    with pytest.raises(UnsupportedError):
        tokenizer.encode([Protein("ACD")])
    with pytest.raises(LimitError):
        tokenizer.encode([protein(chain[:3] * 1e7)])
    for first in range(0, 4096, 777):
        assert np.array_equal(tokenizer.decode([[first, 5]])[0][0], tokenizer.decode([[0, 5]])[0][0])


def test_codes_out_of_range_are_named(tokenizer: AnchoredTokenizer) -> None:
    with pytest.raises(DecodeError, match=r"record 2, position 3: code 4096"):
        tokenizer.decode([[0, 1], [0, 1, 4096]])
    for wrong in ([-2], [[1, 2]], [0.5]):
        with pytest.raises(DecodeError):
            tokenizer.decode([wrong])


def check_random_codes(tokenizer: AnchoredTokenizer, count: int, longest: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(-1, tokenizer.num_codes, size=rng.integers(0, longest)) for _ in range(count)]
    for codes, backbone in zip(arrays, tokenizer.decode(arrays), strict=True):
        assert np.array_equal(np.isfinite(backbone).all(axis=(1, 2)), codes >= 0)
        assert np.isnan(backbone[codes < 0]).all()
        assert (np.abs(backbone[codes >= 0]) < 120.0 * (len(codes) + 1)).all()


def test_random_codes_decode(tokenizer: AnchoredTokenizer, time_limit: TimeLimit) -> None:
    with time_limit(60.0, "random codes"):
        check_random_codes(tokenizer, 12, 12, 0)
        check_random_codes(tokenizer, 1, 60, 1)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_many_random_codes_decode(tokenizer: AnchoredTokenizer, time_limit: TimeLimit) -> None:
    for seed in range(4):
        with time_limit(300.0, f"random codes, seed {seed}"):
            check_random_codes(tokenizer, 100, 40, seed)


@pytest.mark.parametrize("seed", range(2))
def test_mutated_coordinates_are_answered(
    tokenizer: AnchoredTokenizer, chain: NDArray[np.float32], seed: int, time_limit: TimeLimit
) -> None:
    rng = np.random.default_rng(seed)
    chains = []
    for _ in range(60):
        start = int(rng.integers(len(chain) - 24))
        backbone = chain[start : start + 24].copy()
        hit = rng.random(backbone.shape) < rng.choice([0.01, 0.3])
        backbone[hit] = rng.choice([0.0, np.nan, np.inf, -np.inf, 1.0, 1e-30, 9e4], size=hit.sum())
        chains.append(protein(backbone))
    with time_limit(30.0, f"mutated coordinates, seed {seed}"):
        coded = tokenizer.encode(chains)
        for codes, given, backbone in zip(coded, chains, tokenizer.decode(coded), strict=True):
            assert (codes[~given.resolved] == -1).all()
            assert np.isfinite(backbone[codes >= 0]).all()


def test_features_are_the_step_and_the_digit(tokenizer: AnchoredTokenizer) -> None:
    features = tokenizer.code_features
    assert features.shape == (4096, 11)
    assert np.array_equal(features[16 * 9 : 16 * 10, :9], np.tile(tokenizer.steps.code_features[9], (16, 1)))
    distance = np.linalg.norm(features[16:32] - features[16], axis=1)
    assert distance[1] == pytest.approx(distance[15])
    assert (np.diff(distance[:9]) > 0).all()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(weights_root("protein") / "anchored-4096", tmp_path / "copy"))


@pytest.mark.parametrize(
    "settings",
    [
        {"levels": None},
        {"levels": 1},
        {"levels": "many"},
        {"slab_widths": []},
        {"slab_widths": [2.0, 3.0]},
        {"slab_widths": [-1.0]},
        {"slab_widths": 2.0},
        {"num_trans": None},
    ],
)
def test_bad_settings_are_refused(folder: Path, settings: dict[str, Any]) -> None:
    stored = load_weights("protein", folder)
    merged = {key: value for key, value in (stored.settings | settings).items() if value is not None}
    save_weights(folder, stored.config | {"settings": merged}, stored.tensors)
    with pytest.raises(WeightsError):
        ProteinStructureTokenizer.from_pretrained(folder)


def test_bad_tensors_are_refused(folder: Path) -> None:
    stored = load_weights("protein", folder)
    missing = {name: tensor for name, tensor in stored.tensors.items() if name != "cells"}
    extra = stored.tensors | {"more": np.zeros(3, dtype=np.float32)}
    skewed = stored.tensors | {"rotations": stored.tensors["rotations"] * np.float32(1.1)}
    for tensors in (missing, extra, skewed):
        save_weights(folder, stored.config, tensors)
        with pytest.raises(WeightsError):
            ProteinStructureTokenizer.from_pretrained(folder)


def test_too_many_levels_are_refused(tokenizer: AnchoredTokenizer) -> None:
    with pytest.raises(LimitError):
        AnchoredTokenizer(tokenizer.steps, Slabs(128, (2.0,)))


def test_a_recipe_without_anchors_is_refused(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    named = '[tokenizer]\nkind = "protein"\narchitecture = "anchored"\n'
    for text in (f"{named}[fit]\nnum_codes = 256\n", f"{named}[anchors]\nlevels = 16\n", "not toml"):
        recipe.write_text(text)
        with pytest.raises(ConfigurationError):
            train_tokenizer(read_tokenizer_recipe(recipe), tmp_path / "none.parquet", tmp_path / "out")


def test_the_shipped_folder_is_small_and_describes_itself() -> None:
    name, num_codes = "anchored-4096", 4096
    root = weights_root("protein") / name
    assert (root / "model.safetensors").stat().st_size < 300_000
    config = json.loads((root / "config.json").read_text())
    assert config["num_codes"] == num_codes
    assert config["licence"]
    assert ProteinStructureTokenizer.from_pretrained(name).num_codes == num_codes
