"""Meanings by context: fitted, stored, read back, refused when parts do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.entities.molecule.structure.conditioned.meanings import CodeMeanings
from biomatrix.entities.molecule.structure.conditioned.search import DirectionGrid
from biomatrix.errors import WeightsError

CODES = 16


def fitted(seed: int = 0, atoms: int = 4000) -> tuple[CodeMeanings, list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(CODES, 4))
    shared[:, :3] /= np.linalg.norm(shared[:, :3], axis=1, keepdims=True)
    coarse = rng.integers(3, size=atoms)
    fine = coarse * 10 + rng.integers(4, size=atoms)
    codes = rng.integers(CODES, size=atoms)
    wanted = shared[codes] + rng.normal(scale=0.05, size=(atoms, 4)) + fine[:, None] * 0.001
    return CodeMeanings.fit(shared, [coarse, fine], codes, wanted, least=50), [coarse, fine]


def test_tensors_round_trip() -> None:
    meanings, contexts = fitted()
    back = CodeMeanings.from_tensors(meanings.tensors(), 2, file="here")
    np.testing.assert_array_equal(back.table, meanings.table)
    np.testing.assert_array_equal(back.bits, meanings.bits)
    np.testing.assert_array_equal(back.rows(contexts), meanings.rows(contexts))


def test_rows_fall_back_to_the_coarser_context() -> None:
    meanings, (coarse, fine) = fitted()
    known = meanings.rows([coarse[:5], fine[:5]])
    unseen = meanings.rows([coarse[:5], np.full(5, 999)])
    nothing = meanings.rows([np.full(5, 77), np.full(5, 999)])
    np.testing.assert_array_equal(meanings.parents[known], unseen)
    np.testing.assert_array_equal(nothing, 0)


def test_bits_are_those_of_a_distribution() -> None:
    meanings, _ = fitted()
    np.testing.assert_allclose((2.0 ** -meanings.bits.astype(np.float64)).sum(axis=1), 1.0, rtol=1e-4)


def test_directions_stay_unit_vectors() -> None:
    meanings, _ = fitted()
    np.testing.assert_allclose(np.linalg.norm(meanings.table[1:, :, :3], axis=2), 1.0, atol=2e-3)


@pytest.mark.parametrize("damage", ["parents", "entries", "keys.0"])
def test_parts_that_do_not_fit_are_refused(damage: str) -> None:
    tensors = fitted()[0].tensors()
    tensors[f"meanings.{damage}"] = tensors[f"meanings.{damage}"][::-1].copy()
    with pytest.raises(WeightsError, match="fit together"):
        CodeMeanings.from_tensors(tensors, 2, file="here")


@pytest.mark.parametrize("seed", range(3))
def test_grid_offers_the_nearest_code(seed: int) -> None:
    rng = np.random.default_rng(seed)
    directions, asked = rng.normal(size=(512, 3)), rng.normal(size=(2000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    near = DirectionGrid(directions, 24).near(asked)
    best = (asked @ directions.T).argmax(axis=1)
    assert (near == best[:, None]).any(axis=1).mean() > 0.999
    assert (np.diff(near, axis=1) > 0).all()
