"""Calibration error, recalibration and abstention, each by a property of data whose truth is known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError
from biomatrix.trust import Abstention, Calibration, calibrate, recalibrate, reliability, risk_coverage
from biomatrix.trust.recalibration import Recalibration


def perfect(n: int = 20_000) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return probabilities and outcomes that come true as often as is said."""
    generator = np.random.default_rng(3)
    stated = generator.uniform(size=n)
    return stated, generator.uniform(size=n) < stated


@pytest.mark.parametrize("adaptive", [False, True])
def test_perfect_probabilities_have_no_calibration_error(adaptive: bool) -> None:
    stated, outcomes = perfect()
    assert reliability(stated, outcomes, adaptive=adaptive).error < 0.012  # sqrt(15 / 20,000) / 3 and its spread
    assert reliability(np.sqrt(stated), outcomes, adaptive=adaptive).error > 0.15


def test_bins_hold_every_record_once() -> None:
    stated = np.array([0.0, 0.5, 1.0, 0.5, 0.2])
    for adaptive in (False, True):
        found = reliability(stated, stated > 0.4, 4, adaptive=adaptive)
        assert found.counts.sum() == 5
        assert np.dot(found.counts, found.stated) == pytest.approx(stated.sum())
    assert found.largest >= found.error


@pytest.mark.parametrize("method", ["temperature", "platt", "isotonic"])
def test_recalibration_mends_what_is_overconfident(method: str) -> None:
    true, outcomes = perfect()
    odds = np.log(true / (1 - true))
    stated = 1 / (1 + np.exp(-2.5 * odds))
    fitted = recalibrate(stated[:10_000], outcomes[:10_000], method)
    before = reliability(stated[10_000:], outcomes[10_000:]).error
    after = reliability(fitted.apply(stated[10_000:]), outcomes[10_000:]).error
    assert before > 0.1
    assert after < 0.02
    assert np.all(np.diff(fitted.apply(np.linspace(0, 1, 50))) >= 0)  # the order of answers stays
    assert Recalibration.from_json(fitted.as_json()).apply([0.3]) == fitted.apply([0.3])
    if method == "temperature":
        assert fitted.slope == pytest.approx(1 / 2.5, abs=0.02)


def test_isotonic_regression_is_that_of_the_definition() -> None:
    fitted = recalibrate([0.1, 0.2, 0.3, 0.4], [False, True, False, True], "isotonic")
    assert fitted.apply([0.1, 0.2, 0.3, 0.4]).tolist() == [0.0, 0.5, 0.5, 1.0]


def test_the_curve_of_an_oracle_rises_and_has_no_excess() -> None:
    losses = np.random.default_rng(2).exponential(size=300)
    oracle = risk_coverage(-losses, losses)
    assert np.all(np.diff(oracle.risks) >= 0)
    assert oracle.excess == pytest.approx(0)
    assert oracle.full_risk == pytest.approx(losses.mean())
    random = risk_coverage(np.random.default_rng(4).uniform(size=300), losses)
    assert random.area > oracle.area
    assert risk_coverage(np.zeros(300), losses).area == pytest.approx(losses.mean())  # one confidence says nothing


def test_a_threshold_keeps_to_the_risk_it_was_made_for() -> None:
    losses = np.random.default_rng(6).uniform(size=200)
    curve = risk_coverage(-losses + np.random.default_rng(7).normal(size=200) / 5, losses)
    kept = curve.confidence >= curve.threshold(0.3)
    assert curve.risks[kept][-1] <= 0.3
    assert curve.coverages[kept][-1] > 0.1
    assert np.isinf(curve.threshold(-1.0))


def test_a_threshold_counts_all_answers_of_its_confidence() -> None:
    curve = risk_coverage([0.9, 0.5, 0.5, 0.5], [0.0, 1.0, 1.0, 1.0])
    assert curve.threshold(0.5) == 0.9  # all four lose 0.75 on average
    assert curve.threshold(0.75) == 0.5


def test_the_order_of_equal_confidences_does_not_matter() -> None:
    sure, losses = np.array([0.5, 0.5, 0.9, 0.5]), np.array([1.0, 0.0, 0.2, 0.5])
    curves = [risk_coverage(sure[order], losses[order]) for order in ([0, 1, 2, 3], [3, 1, 0, 2])]
    assert np.allclose(curves[0].risks, curves[1].risks)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="one for each answer"):
        risk_coverage([0.1], [1.0, 2.0])
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        reliability([1.2], [True])
    with pytest.raises(ConfigurationError, match="NaN"):
        reliability([0.2], [np.nan])
    with pytest.raises(ConfigurationError, match="at least 1"):
        reliability([0.2], [True], bins=0)
    with pytest.raises(ConfigurationError, match="not all"):
        recalibrate([0.2, 0.4], [True, True])
    with pytest.raises(ConfigurationError, match="not all"):
        recalibrate([], [], "isotonic")
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        recalibrate([np.nan, 0.4], [True, False])
    with pytest.raises(ConfigurationError, match="a recalibration is one of"):
        Recalibration.from_json({"method": "magic", "slope": 1, "intercept": 0})
    with pytest.raises(ConfigurationError, match="that rise"):
        Recalibration.from_json({"method": "isotonic", "slope": 1, "intercept": 0, "knots": [[0.9, 0.2], [0.1, 0.4]]})


def test_a_threshold_keeps_to_its_risk_and_travels_with_the_file(tmp_path: Path) -> None:
    sure, losses = [0.9, 0.8, 0.7, 0.6], [0.0, 0.0, 1.0, 1.0]
    curve = risk_coverage(sure, losses)
    assert (curve.risk_at(1.0), curve.risk_at(0.5), curve.risk_at(0.75)) == (0.5, 0.0, pytest.approx(1 / 3))
    limit = Abstention.at(curve, 0.4, "probability")
    assert [limit.reason(None, one) is None for one in sure] == [True, True, True, False]
    assert limit.reason(None, None) is not None
    with pytest.raises(ConfigurationError, match="ask for a larger risk"):
        Abstention.at(risk_coverage(sure, [1.0] * 4), 0.4, "probability")
    path = tmp_path / "made.json"
    made = replace(calibrate([0.0] * 9, [1.0] * 9), abstention=Abstention(0.5, -0.2, "spread"))
    made.save(path)
    read = Calibration.from_file(path)
    assert read.abstention == made.abstention
    assert read.reason_to_abstain(spread=0.1) is None
    assert "samples spread by 0.3, above 0.2" in str(read.reason_to_abstain(spread=0.3))
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "abstention": {"risk": 0.5, "least": "x", "by": "spread"}}))
    with pytest.raises(ConfigurationError, match="calibrate again"):
        Calibration.from_file(path)
    del values["abstention"]
    path.write_text(json.dumps(values))
    assert Calibration.from_file(path).reason_to_abstain() is None
