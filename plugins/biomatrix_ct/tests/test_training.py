"""Pairs hold what they should, and training on any of them makes an image better."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from biomatrix.errors import ConfigurationError
from biomatrix_ct import Image, restore
from biomatrix_ct.losses import restoration_loss
from biomatrix_ct.metrics import peak_signal_to_noise
from biomatrix_ct.network import RestorationNetwork
from biomatrix_ct.patches import BlindSpots, CleanSlices, NeighbouringSlices, PatchSource
from biomatrix_ct.phantoms import phantom
from biomatrix_ct.training import TrainingSettings, train

from .conftest import UNSEEN, WINDOW, in_window, noisy

SHORT = TrainingSettings(steps=200, batch=2, side=48, rate=4e-3)


def small() -> RestorationNetwork:
    torch.manual_seed(0)
    return RestorationNetwork(16, 4)


@pytest.fixture(scope="module")
def scan() -> Image:
    """Eight noisy slices of one body, of which neighbours differ a little."""
    return noisy(in_window(phantom(UNSEEN, "abdomen", 128, depth=8)), 3e3)


def test_an_untrained_network_changes_nothing(chest: Image) -> None:
    given = noisy(chest, 1e3)
    np.testing.assert_allclose(restore(given, small().eval()).image.values, given.values, atol=1e-3)


def test_two_noisy_copies_share_the_anatomy_and_not_the_noise(chest: Image) -> None:
    patch = CleanSlices([chest], [WINDOW]).draw(64, np.random.default_rng(0))
    clean = CleanSlices([chest], [WINDOW], noisy_target=False).draw(64, np.random.default_rng(0))
    np.testing.assert_array_equal(patch.noisy, clean.noisy)
    first, second = patch.noisy - clean.target, patch.target - clean.target
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.06
    assert first.std() == pytest.approx(second.std(), rel=0.1)


def test_neighbours_count_where_the_anatomy_is_the_same(scan: Image) -> None:
    source = NeighbouringSlices([scan])
    patches = [source.draw(64, np.random.default_rng(seed)) for seed in range(6)]
    shares = [float(patch.known.mean()) for patch in patches if patch.known is not None]
    assert len(shares) == 6
    assert 0.3 < np.mean(shares) < 0.999
    for patch in patches:
        assert patch.known is not None
        inside, outside = (np.abs(patch.noisy - patch.target)[one].mean() for one in (patch.known, ~patch.known))
        assert inside < outside
    with pytest.raises(ConfigurationError, match="no neighbours"):
        NeighbouringSlices([Image(scan.values[0], scan.spacing[1:])])


def test_a_hidden_pixel_is_not_shown(scan: Image) -> None:
    patch = BlindSpots([scan]).draw(64, np.random.default_rng(1))
    assert patch.known is not None
    assert 0.01 < patch.known.mean() < 0.1
    np.testing.assert_array_equal(patch.noisy[~patch.known], patch.target[~patch.known])
    assert (patch.noisy[patch.known] != patch.target[patch.known]).mean() > 0.9


def test_the_loss_is_its_formula() -> None:
    target = torch.zeros(1, 1, 8, 8)
    assert float(restoration_loss(target, target, torch.ones(1))) == pytest.approx(5e-7)
    constant = restoration_loss(target + 2.0, target, torch.full((1,), 2.0))
    assert float(constant) == pytest.approx(1.0)  # L1 and sqrt(MSE) are 1 each, slopes 0
    ramp = torch.arange(8.0).expand(1, 1, 8, 8)
    slopes = float(restoration_loss(ramp, target, torch.ones(1))) - (3.5 + 17.5**0.5) / 2
    assert slopes == pytest.approx(0.5 * (0.5 + 0.5), rel=1e-5)  # one of two directions, by both filters
    known = torch.zeros(1, 1, 8, 8)
    known[..., 0, 0] = 1
    assert float(restoration_loss(ramp + 3.0, target, torch.ones(1), known)) == pytest.approx(3.0, rel=1e-5)


def test_the_same_seed_gives_the_same_weights(chest: Image) -> None:
    settings = TrainingSettings(steps=3, batch=1, side=32)
    source = CleanSlices([chest], [WINDOW])
    first, second = (train(source, settings, small()).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "gain"), [("copies", 1.0), ("neighbours", 1.0), ("blind spots", 0.0)])
def test_training_without_clean_images_restores_an_unseen_body(scan: Image, kind: str, gain: float) -> None:
    clean = in_window(phantom(UNSEEN + 2, "abdomen", 128))
    given = noisy(clean, 3e3)
    sources: dict[str, PatchSource] = {
        "copies": CleanSlices([in_window(phantom(UNSEEN, "abdomen", 128, depth=8))], [WINDOW]),
        "neighbours": NeighbouringSlices([scan]),
        "blind spots": BlindSpots([scan]),
    }
    losses: list[float] = []
    network = train(sources[kind], SHORT, small(), lambda step, loss: losses.append(loss))
    assert len(losses) == SHORT.steps
    width = WINDOW[1] - WINDOW[0]
    before = peak_signal_to_noise(clean.values, given.values, width)
    assert peak_signal_to_noise(clean.values, restore(given, network).image.values, width) > before + gain


def test_settings_that_make_no_sense_are_refused() -> None:
    for values in ({"steps": 0}, {"side": 33}, {"side": 8}, {"batch": 0}):
        with pytest.raises(ConfigurationError):
            TrainingSettings(**values)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="hold no patch"):
        CleanSlices([Image(np.zeros((20, 20)), (1, 1))], [WINDOW]).draw(32, np.random.default_rng(0))
