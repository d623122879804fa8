"""TM-align: what a rigid motion, a cut and a shuffle do to it, and that its parts are what they say."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.errors import UnsupportedError
from biomatrix.metrics.superposition import tm_score
from biomatrix.metrics.tm_align.aligner import tm_align, tm_align_each
from biomatrix.metrics.tm_align.closeness import Chains, NearByMotions, NearOnes
from biomatrix.metrics.tm_align.dynamic import align
from biomatrix.metrics.tm_align.fits import Motions, Pairs
from biomatrix.metrics.tm_align.rotations import proper_rotations
from biomatrix.metrics.tm_align.shapes import COIL, HELIX, STRAND, secondary_structure
from biomatrix.metrics.tm_align.threading import longest_piece

Array = NDArray[np.float64]


def chain(n: int, seed: int = 0) -> Array:
    """Return a random walk of 3.8 Angstrom steps that bends gently."""
    rng = np.random.default_rng(seed)
    steps = np.cumsum(rng.normal(size=(n, 3)), axis=0) * 0.3 + rng.normal(size=(n, 3))
    return np.cumsum(3.8 * steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)


def moved(points: Array, seed: int = 1) -> Array:
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    return np.asarray(points @ rotation.T + rng.normal(size=3) * 50)


@pytest.mark.parametrize("seed", range(3))
def test_a_rigid_motion_of_either_chain_changes_nothing(seed: int) -> None:
    first, second = chain(40, seed), chain(40, seed) + np.random.default_rng(seed).normal(size=(40, 3)) * 2
    score = tm_align(first, second)
    assert tm_align(moved(first, seed), second) == pytest.approx(score, abs=1e-6)
    assert tm_align(first, moved(second, seed)) == pytest.approx(score, abs=1e-6)


def test_a_chain_is_itself_wherever_it_lies_and_its_mirror_image_is_not() -> None:
    points = chain(50)
    assert tm_align(moved(points), points) == pytest.approx(1.0)
    assert tm_align(points * [1, 1, -1], points) < 0.9


def test_it_finds_the_register_that_residue_by_residue_comparison_misses() -> None:
    points = chain(60)
    first, second = moved(points[:50]), points[10:]
    assert tm_align(first, second) == pytest.approx(40 / 50, abs=0.01)
    assert tm_score(first, second) < 0.5


def test_it_is_never_worse_than_residue_by_residue_by_much() -> None:
    for seed in range(4):
        first = chain(45, seed)
        second = first + np.random.default_rng(seed).normal(size=first.shape) * 3
        assert tm_align(first, second) >= tm_score(first, second) - 0.02


def test_the_reference_sets_the_length() -> None:
    points = chain(60)
    assert tm_align(points[:40], points) == pytest.approx(40 / 60, abs=1e-6)
    assert tm_align(points, points[:40]) == pytest.approx(1.0, abs=1e-6)


def test_missing_residues_are_left_out() -> None:
    points = chain(40)
    holed = points.copy()
    holed[::7] = np.nan
    assert tm_align(points, holed) == pytest.approx(1.0, abs=1e-6)


def test_residues_a_world_apart_end_too() -> None:
    """How far three pairs of residues are apart is looked up, not approached by half an Angstrom at a time."""
    assert 0 <= tm_align(chain(30, 0) * 1e6, chain(30, 1)) < 0.2


@pytest.mark.parametrize("n", [0, 4])
def test_too_few_residues_are_refused(n: int) -> None:
    with pytest.raises(UnsupportedError, match="5 residues"):
        tm_align(chain(10), chain(10)[:n])


def test_many_fits_at_once_equal_one_fit_each() -> None:
    rng = np.random.default_rng(0)
    moving, fixed = rng.normal(size=(30, 3)) * 10 + 1000, rng.normal(size=(30, 3)) * 10
    chosen = rng.random((20, 30)) < 0.5
    motions, squared = Pairs(moving, fixed).fit(chosen)
    for i in range(len(chosen)):
        placed = motions[i].apply(moving)
        np.testing.assert_allclose(((placed - fixed) ** 2).sum(axis=1), squared[i], atol=1e-6)
        alone, _ = Pairs(moving[chosen[i]], fixed[chosen[i]]).fit(np.ones((1, chosen[i].sum()), dtype=bool))
        np.testing.assert_allclose(alone[0].apply(moving), placed, atol=1e-6)
        assert np.linalg.det(motions.rotations[i]) == pytest.approx(1.0)


def test_the_dynamic_programme_equals_the_plain_one_over_cells() -> None:
    rng = np.random.default_rng(3)
    for gap in (0.0, -0.6, -1.0):
        scores = rng.random((4, 9, 12))
        for sizes in ([(9, 12)] * 4, [(9, 12), (3, 12), (9, 1), (5, 7)]):  # several lengths in one table
            found = align(Given(scores, sizes), gap)
            for each, (n, m), partner in zip(scores, sizes, found, strict=True):
                np.testing.assert_array_equal(partner, cell_by_cell(each[:n, :m], gap))


class Given:
    """Scores ``[b, n, m]`` by antidiagonal."""

    def __init__(self, scores: Array, sizes: list[tuple[int, int]]) -> None:
        self.scores, self.sizes = scores, sizes

    def antidiagonal(self, k: int, low: int, high: int) -> Array:
        rows = np.arange(low, high)
        return self.scores[:, rows - 1, k - rows - 1].T.copy()


def cell_by_cell(scores: Array, gap: float) -> NDArray[np.int64]:
    n, m = scores.shape
    value, paired = np.zeros((n + 1, m + 1)), np.zeros((n + 1, m + 1), dtype=bool)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            up, left = value[i - 1, j] + gap * paired[i - 1, j], value[i, j - 1] + gap * paired[i, j - 1]
            pair = value[i - 1, j - 1] + scores[i - 1, j - 1]
            paired[i, j] = pair >= max(up, left)
            value[i, j] = max(pair, up, left)
    partner = np.full(m, -1)
    i, j = n, m
    while i > 0 and j > 0:
        if paired[i, j]:
            i, j = i - 1, j - 1
            partner[j] = i
        elif value[i, j - 1] + gap * paired[i, j - 1] >= value[i - 1, j] + gap * paired[i - 1, j]:
            j -= 1
        else:
            i -= 1
    return partner


def test_closeness_is_the_same_by_motions_as_by_places() -> None:
    rng = np.random.default_rng(4)
    moving, fixed = chain(12) + 500, chain(17, 1) - 300
    shapes = secondary_structure(moving), secondary_structure(fixed)
    rotations = proper_rotations(rng.normal(size=(6, 3, 3)))
    shift = rng.normal(size=(6, 3)) * 4 + fixed.mean(axis=0) - rotations @ moving.mean(axis=0)
    motions, chains = Motions(rotations, shift), Chains(moving, fixed, shapes)
    places = NearOnes([chains] * 6, list(motions.apply(moving)), [3.0] * 6)
    together = NearByMotions(chains, motions, 3.0)
    for k in range(2, 30):
        low, high = max(1, k - 17), min(12, k - 1) + 1
        worth = places.antidiagonal(k, low, high)
        np.testing.assert_allclose(together.antidiagonal(k, low, high), worth, atol=1e-9)
        apart = motions[3].apply(moving)[low - 1] - fixed[k - low - 1]
        assert worth[0, 3] == pytest.approx(1 / (1 + apart @ apart / 9))


@pytest.mark.parametrize("flatness", [1.0, 0.05, 1e-3, 1e-6, 0.0])
def test_rotations_are_those_of_greatest_trace(flatness: float) -> None:
    rng = np.random.default_rng(5)
    points = rng.normal(size=(200, 5, 3)) * [1.0, flatness, flatness]
    other = points @ moved(np.eye(3)).T + rng.normal(size=points.shape) * 0.1 * flatness
    other[::3, :, 0] *= -1.0  # mirror images
    covariance = np.swapaxes(other, 1, 2) @ points
    covariance[-1] = 0.0
    found = proper_rotations(covariance)
    np.testing.assert_allclose(found @ np.swapaxes(found, 1, 2), np.broadcast_to(np.eye(3), found.shape), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(found), 1.0, atol=1e-12)
    singular = np.linalg.svd(covariance, compute_uv=False)
    singular[np.linalg.det(covariance) < 0, 2] *= -1.0
    traces = np.einsum("sij,sij->s", found, covariance)
    np.testing.assert_allclose(traces, singular.sum(axis=1), rtol=1e-12, atol=1e-12)


def odd_pairs() -> list[tuple[Array, Array]]:
    """Return pairs of many lengths, from near copies to chains that have nothing in common."""
    rng = np.random.default_rng(6)
    pairs = [(chain(n, n), chain(m, m + 100)) for n, m in ((5, 5), (5, 10), (9, 6), (7, 40), (33, 21), (60, 45))]
    pairs += [(chain(n, n) + rng.normal(size=(n, 3)), chain(n, n)) for n in (6, 10, 50)]
    pairs += [(np.arange(8)[:, None] * np.array([3.8, 0, 0]), chain(30, 2)), (chain(12) * 2, chain(12, 3))]
    return pairs


def test_many_pairs_at_once_score_as_each_alone_in_any_order_and_company() -> None:
    pairs = odd_pairs()
    together = tm_align_each(pairs)
    assert together == pytest.approx([tm_align(*pair) for pair in pairs], abs=1e-9)
    assert tm_align_each(pairs[::-1])[::-1] == pytest.approx(together, abs=1e-9)
    assert tm_align_each(pairs[3:7] * 2) == pytest.approx(together[3:7] * 2, abs=1e-9)
    assert all(0.0 <= score <= 1.0 for score in together)
    assert tm_align_each([]) == []


def test_more_pairs_than_are_aligned_at_once_all_come_out_in_order() -> None:
    pairs = [(chain(5 + i % 6, i), chain(10 - i % 5, i)) for i in range(150)]
    together = tm_align_each(pairs)
    assert together[::29] == pytest.approx([tm_align(*pair) for pair in pairs[::29]], abs=1e-9)


def test_scores_do_not_depend_on_the_number_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomatrix.metrics.tm_align.aligner._LEAST", 100)
    monkeypatch.setattr("biomatrix.metrics.tm_align.aligner._AT_ONCE", 2)
    pairs = odd_pairs()
    assert tm_align_each(pairs, workers=2) == tm_align_each(pairs, workers=1)


def test_one_chain_too_short_among_many_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="one has 3"):
        tm_align_each([(chain(10), chain(10)), (chain(3), chain(10))])


def test_helices_and_strands_are_known_by_their_distances() -> None:
    turn, rise = np.radians(100) * np.arange(12), 1.5 * np.arange(12)
    helix = np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), rise], axis=1)
    strand = np.stack([3.3 * np.arange(12), np.arange(12) % 2 * 1.5, np.zeros(12)], axis=1)
    assert set(secondary_structure(helix)[2:-2].tolist()) == {HELIX}
    assert set(secondary_structure(strand)[2:-2].tolist()) == {STRAND}
    assert set(secondary_structure(helix)[[0, 1, -2, -1]].tolist()) == {COIL}


def test_the_longest_piece_ends_at_chain_breaks_and_grows_where_all_is_broken() -> None:
    points = chain(20)
    points[8:] += 100
    assert longest_piece(points).tolist() == list(range(8, 20))
    scattered = np.arange(12)[:, None] * np.array([10.0, 0, 0])
    assert len(longest_piece(scattered)) == 12
