"""The Frechet ChemNet distance: of Gaussians that are known, and of sets."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.metrics.fcd import fcd, frechet_distance


def test_the_distance_of_gaussians_is_the_formula() -> None:
    pytest.importorskip("scipy")
    mean, spread = np.array([1.0, -2.0]), np.diag([4.0, 9.0])
    assert frechet_distance(mean, spread, mean, spread) == pytest.approx(0.0, abs=1e-9)
    other = np.diag([1.0, 1.0])
    assert frechet_distance(mean, spread, mean + 3, other) == pytest.approx(18 + (2 - 1) ** 2 + (3 - 1) ** 2)
    assert frechet_distance(mean, spread, mean + 3, other) == pytest.approx(
        frechet_distance(mean + 3, other, mean, spread)
    )


@pytest.mark.parametrize("generated", [[], ["CCO"], ["C1CC", ""]])
def test_too_few_molecules_have_no_distance(generated: list[str]) -> None:
    score = fcd(generated, ["CCO", "CCN"])["fcd"]
    assert np.isnan(score.value)
    assert score.n == len(generated)


def test_an_absent_package_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcd_torch", None)
    with pytest.raises(ConfigurationError, match="pip install fcd-torch"):
        fcd(["CCO", "CCN"], ["CCO", "CCN"])


def test_order_does_not_matter_and_a_duplicate_is_run_once_and_weighs_twice() -> None:
    pytest.importorskip("fcd_torch")
    few = ["CCO", "c1ccccc1", "CCN", "CC(=O)O", "C1CCCCC1", "CCCl"]
    first = fcd(few, few[:4])["fcd"].value
    assert fcd(few[::-1], few[:4])["fcd"].value == pytest.approx(first, abs=1e-3)
    assert fcd(few, few)["fcd"].value == pytest.approx(0.0, abs=1e-3)
