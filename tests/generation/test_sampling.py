"""Sampling draws from what it says, and its random streams belong to prompt and sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.errors import ConfigurationError
from biomatrix.generation import drawing
from biomatrix.generation.drawing import Masks, RowSettings, nucleus
from biomatrix.generation.sampling import Sampling, random_stream


def choose(
    logits: Tensor, allowed: Tensor, uniforms: NDArray[np.float64], samplings: Sequence[Sampling]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    masks = Masks(~allowed, np.arange(len(allowed)))
    return drawing.choose(logits, masks, uniforms, RowSettings.of(samplings))


def test_draws_follow_the_probabilities() -> None:
    logits = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05])).repeat(20_000, 1)
    allowed = torch.ones((20_000, 4), dtype=torch.bool)
    allowed[:, 1] = False
    columns, logprobs = choose(logits, allowed, np.random.default_rng(0).random(20_000), [Sampling()] * 20_000)
    shares = np.bincount(columns, minlength=4) / 20_000
    np.testing.assert_allclose(shares, np.array([0.5, 0, 0.15, 0.05]) / 0.7, atol=0.012)
    np.testing.assert_allclose(logprobs[columns == 0], np.log(0.5 / 0.7), rtol=1e-6)


def test_the_nucleus_is_the_smallest_set_that_reaches_top_p() -> None:
    probabilities = torch.tensor([[0.1, 0.4, 0.3, 0.2]], dtype=torch.float64)
    kept = nucleus(probabilities.expand(3, -1), torch.tensor([0.65, 0.71, 1e-9], dtype=torch.float64)) > 0
    assert kept.tolist() == [[False, True, True, False], [False, True, True, True], [False, True, False, False]]


def test_nothing_is_cut_without_a_nucleus() -> None:
    logits = torch.zeros(5000, 200)
    uniforms = np.random.default_rng(1).random(5000)
    columns, _ = choose(logits, torch.ones((5000, 200), dtype=torch.bool), uniforms, [Sampling()] * 5000)
    assert len(np.unique(columns)) == 200


def test_the_ends_of_the_unit_interval_choose_allowed_ids() -> None:
    logits = torch.zeros(2, 4)
    allowed = torch.tensor([[False, True, True, False]] * 2)
    columns, _ = choose(logits, allowed, np.array([0.0, np.nextafter(1.0, 0.0)]), [Sampling()] * 2)
    assert columns.tolist() == [1, 2]


def test_low_temperatures_approach_greedy() -> None:
    logits = torch.randn(50, 30, generator=torch.Generator().manual_seed(0))
    allowed = torch.ones((50, 30), dtype=torch.bool)
    uniforms = np.random.default_rng(0).random(50)
    greedy, _ = choose(logits, allowed, uniforms, [Sampling(greedy=True)] * 50)
    assert (choose(logits, allowed, uniforms, [Sampling(temperature=1e-4)] * 50)[0] == greedy).all()
    assert (choose(logits, allowed, uniforms, [Sampling(temperature=0.0)] * 50)[0] == greedy).all()


def test_each_row_has_its_own_sampling() -> None:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(60, 20, generator=generator)
    allowed = torch.rand(60, 20, generator=generator) < 0.8
    uniforms = np.random.default_rng(0).random(60)
    kinds = [Sampling(), Sampling(greedy=True), Sampling(0.5, 0.8), Sampling(2.0), Sampling(1.0, 0.3)]
    samplings = [kinds[row % len(kinds)] for row in range(60)]
    together = choose(logits, allowed, uniforms, samplings)
    for row, sampling in enumerate(samplings):
        alone = choose(logits[[row]], allowed[[row]], uniforms[[row]], [sampling])
        assert [part[row] for part in together] == [part[0] for part in alone]


def test_streams_differ_by_seed_prompt_and_sample_only() -> None:
    first = random_stream(1, [1, 2], 0).random(4)
    assert (random_stream(1, [1, 2], 0).random(4) == first).all()
    for other in (random_stream(2, [1, 2], 0), random_stream(1, [1, 3], 0), random_stream(1, [1, 2], 1)):
        assert (other.random(4) != first).all()


def test_a_temperature_too_small_to_divide_by_is_greedy() -> None:
    logits = torch.tensor([[1.0, 3e38, 2.0]])
    allowed = torch.ones((1, 3), dtype=torch.bool)
    for temperature in (5e-324, 1e-308, 1e-101, 1e-100, 1e-99):
        columns, _ = choose(logits, allowed, np.array([0.5]), [Sampling(temperature)])
        assert columns.tolist() == [1]


def test_numbers_of_numpy_are_taken() -> None:
    sampling = Sampling(np.float32(0.5), np.float64(0.5), seed=np.int64(-3))  # type: ignore[arg-type]
    assert sampling == Sampling(0.5, 0.5, seed=-3)
    assert Sampling(temperature=1, top_p=1, seed=2**63 - 1) == Sampling(seed=2**63 - 1)


@pytest.mark.parametrize("value", [True, "1", None, float("nan"), float("inf"), -1.0, 1j])
@pytest.mark.parametrize("name", ["temperature", "top_p"])
def test_what_is_no_fitting_number_is_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Sampling(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("settings", [{"top_p": 0.0}, {"top_p": 1.5}])
def test_impossible_settings_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        Sampling(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [True, 1.0, "1", None, 2**63, -(2**63) - 1])
def test_what_is_no_seed_is_refused(seed: Any) -> None:
    with pytest.raises(ConfigurationError, match="seed"):
        Sampling(seed=seed)
