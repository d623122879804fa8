"""Intervals and sets hold the truth as often as they say, on data that are exchangeable."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.trust import Calibration, calibrate, calibrate_labels
from biomatrix.trust.calibration_files import FORMAT
from biomatrix.trust.conformal import aps_scores, conformal_quantile, lac_scores, records_needed

REPEATS, FRESH = 600, 5


def coverage_of_intervals(n: int, nominal: float, normalised: bool) -> float:
    """Return the share of new records that fall into the interval, over many calibration sets of n records."""
    generator = np.random.default_rng(n)
    hits = []
    for _ in range(REPEATS):
        spread = generator.uniform(0.2, 2.0, size=n + FRESH)
        truth = generator.normal(size=n + FRESH) * spread
        made = calibrate(np.zeros(n), truth[:n], spread[:n] if normalised else None, coverage=nominal)
        for value, sigma in zip(truth[n:], spread[n:], strict=True):
            interval = made.interval(0.0, float(sigma))
            hits.append(interval.low <= value <= interval.high)
    return float(np.mean(hits))


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize(("n", "nominal"), [(19, 0.9), (50, 0.8), (99, 0.95)])
def test_coverage_is_that_of_the_finite_sample_bound(n: int, nominal: float, normalised: bool) -> None:
    """The expected coverage is ceil((n + 1) c) / (n + 1) exactly; three standard errors are allowed."""
    expected = math.ceil((n + 1) * nominal - 1e-9) / (n + 1)
    error = math.sqrt(expected * (1 - expected) * (1 / (REPEATS * FRESH) + 1 / (REPEATS * (n + 2))))
    assert abs(coverage_of_intervals(n, nominal, normalised) - expected) < 3 * error


@pytest.mark.parametrize("method", ["lac", "aps"])
def test_sets_hold_the_true_label_as_often_as_they_say(method: str) -> None:
    generator = np.random.default_rng(5)
    hits, sizes = [], []
    for _ in range(100):
        stated = generator.dirichlet([0.6, 0.6, 0.6], size=220)
        truth = np.array([generator.choice(3, p=row**2 / (row**2).sum()) for row in stated])  # overconfident by half
        made = calibrate_labels(stated[:199], truth[:199].tolist(), ("a", "b", "c"), method=method, coverage=0.9)
        for row, label in zip(stated[199:], truth[199:], strict=True):
            found = made.label_set(row)
            hits.append("abc"[label] in found)
            sizes.append(len(found))
    assert abs(float(np.mean(hits)) - 0.9) < 0.02
    assert 1 <= float(np.mean(sizes)) < 2.5


def test_a_group_has_the_coverage_of_its_own_records() -> None:
    truth = np.concatenate([np.full(40, 0.1), np.full(40, 5.0)])
    made = calibrate(np.zeros(80), truth, groups=["small"] * 40 + ["large"] * 40)
    assert made.interval(0.0, group="small").high == pytest.approx(0.1)
    assert made.interval(0.0, group="large").high == pytest.approx(5.0)
    with pytest.raises(ConfigurationError, match="large, small"):
        made.interval(0.0, group="none")


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_the_fewest_records_are_those_whose_quantile_is_finite(coverage: float) -> None:
    needed = records_needed(coverage)
    assert math.isfinite(conformal_quantile(np.arange(needed), coverage))
    assert math.isinf(conformal_quantile(np.arange(needed - 1), coverage))


def test_too_few_records_are_refused_with_what_is_needed() -> None:
    with pytest.raises(ConfigurationError, match=r"5 records are too few .* 90% .* at least 9; 5 reach 83% at"):
        calibrate([0.0] * 5, [1.0] * 5, coverage=0.9)
    with pytest.raises(ConfigurationError, match="8 records are too few"):  # the other 8 fit the temperature
        calibrate_labels([[0.5, 0.5]] * 16, [0, 1] * 8, ("a", "b"), recalibration="temperature", coverage=0.9)
    made = calibrate([0.0] * 9, [1.0] * 9, coverage=0.9)
    assert "too few" in str(made.interval(0.0, coverage=0.99))
    assert conformal_quantile(np.arange(1.0, 10.0), 0.9) == 9.0


@pytest.mark.parametrize("spreads", [[0.0] * 9, [1.0] * 8 + [-0.5], [1.0] * 8 + [math.nan], [1.0] * 8])
def test_spreads_that_scale_nothing_are_refused(spreads: list[float]) -> None:
    with pytest.raises(ConfigurationError, match="spread"):
        calibrate([0.0] * 9, [1.0] * 9, spreads)


def test_a_few_samples_that_spread_are_enough_for_a_floor() -> None:
    made = calibrate([0.0] * 9, [1.0] * 9, [0.0] * 8 + [1.8])
    assert made.floor == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"scores": [0.1, -0.2]}, "at least 0"),
        ({"scores": [[0.1]]}, "finite"),
        ({"method": "lac", "labels": ["a", "b"], "scores": [1.5]}, "at most 1"),
        ({"coverage": 0.0}, "coverage"),
        ({"method": "normalised", "floor": 0.0}, "floor"),
        ({"samples": -1}, "samples"),
        ({"method": "lac", "labels": "ab", "scores": [0.5]}, "no list"),
        ({"method": "lac", "labels": ["a", "a"], "scores": [0.5]}, "twice"),
        (
            {"recalibration": {"method": "platt", "slope": 1, "intercept": 0, "knots": []}},
            "two labels",
        ),
    ],
)
def test_a_file_with_numbers_that_cannot_be_is_refused(tmp_path: Path, changed: dict[str, object], said: str) -> None:
    path = tmp_path / "made.json"
    calibrate([0.0] * 9, [1.0] * 9).save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    with pytest.raises(ConfigurationError, match=said):
        Calibration.from_file(path)


def test_the_same_question_gives_the_same_set() -> None:
    rows = np.random.default_rng(0).dirichlet([1, 1], size=5)
    assert (aps_scores(rows) == aps_scores(rows)).all()
    assert (aps_scores(rows[2:3]) == aps_scores(rows)[2:3]).all()
    assert (lac_scores(rows) == 1 - rows).all()


@pytest.mark.parametrize("name", ["made.json", "made.parquet"])
def test_a_calibration_file_makes_the_same_intervals_and_sets(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    generator = np.random.default_rng(1)
    spread = generator.uniform(size=30)
    groups = ["x", "y"] * 15
    made = calibrate(
        np.zeros(30), generator.normal(size=30), spread, groups=groups, samples=8, task="logS", unit="log mol/L"
    )
    made.save(path)
    read = Calibration.from_file(path)
    assert read.interval(1.0, 0.5, group="y") == made.interval(1.0, 0.5, group="y")
    assert (read.task, read.unit, read.data_hash, read.samples) == ("logS", "log mol/L", made.data_hash, 8)
    stated = generator.dirichlet([1, 1], size=60)
    labels = calibrate_labels(stated, [0, 1] * 30, ("no", "yes"), method="aps", recalibration="isotonic")
    labels.save(path)
    again = Calibration.from_file(path)
    assert again.label_set([0.3, 0.7]) == labels.label_set([0.3, 0.7])
    assert np.allclose(again.probabilities([[0.3, 0.7]]), labels.probabilities([[0.3, 0.7]]))


@pytest.mark.parametrize(
    "content", ["{}", f'{{"format": "{FORMAT}"}}', "[1]", f'{{"format": "{FORMAT}", "scores": 3}}', "score"]
)
def test_a_file_that_is_no_calibration_is_refused_by_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match=r"wrong\.json"):
        Calibration.from_file(path)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        calibrate([0.0] * 9, [0.0] * 9).interval(0.0, coverage=90)
    with pytest.raises(ConfigurationError, match="not finite"):
        calibrate([float("nan")], [0.0])
    with pytest.raises(ConfigurationError, match="add up to 1"):
        calibrate_labels([[0.5, 0.9]], [0], ("a", "b"))
    for truth in (-1, 2):
        with pytest.raises(ConfigurationError, match="index of a label, 0 to 1"):
            calibrate_labels([[0.5, 0.5]] * 9, [truth] * 9, ("a", "b"))
    with pytest.raises(ConfigurationError, match="spread of samples"):
        calibrate([0.0] * 9, [0.0] * 9, [1.0] * 9).interval(0.0)
    with pytest.raises(ConfigurationError, match="makes sets"):
        calibrate_labels([[0.5, 0.5]] * 9, [0] * 9, ("a", "b")).interval(0.0)


def test_what_is_no_number_is_named_with_its_record() -> None:
    with pytest.raises(ConfigurationError, match="record 1: a prediction is a number, not 'a'"):
        calibrate(["a"] * 20, [2.0] * 20)  # type: ignore[list-item]
    with pytest.raises(ConfigurationError, match="record 3: a truth is a number"):
        calibrate([1.0] * 20, [2.0, 2.0, 10**400, *[2.0] * 17])
    with pytest.raises(ConfigurationError, match=r"record 2: .*whole number, not 0\.9"):
        calibrate_labels([[0.5, 0.5]] * 9, [0, 0.9, *[1] * 7], ("a", "b"))  # type: ignore[list-item]
    with pytest.raises(ConfigurationError, match=r"record 2: .*too far apart"):
        calibrate([0.0, 1.7e308, *[0.0] * 18], [0.0, -1.7e308, *[0.0] * 18])


def test_ends_that_overflow_are_not_blamed_on_too_few_records() -> None:
    assert "past the largest number" in str(calibrate([0.0] * 20, [1.7e308] * 20).interval(1.7e308))
    assert "too few" in str(calibrate([0.0] * 20, [1.0] * 20).interval(0.0, coverage=0.99))
    assert "90% interval -1.7e+308 to 1.7e+308" in str(calibrate([0.0] * 20, [1.7e308] * 20).interval(0.0))


def test_samples_of_a_file_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "made.json"
    calibrate([0.0] * 20, [1.0] * 20, samples=8).save(path)
    path.write_text(path.read_text().replace('"samples": 8', f'"samples": {10**400}'))
    with pytest.raises(ConfigurationError, match="from 0 to 100,000") as caught:
        Calibration.from_file(path)
    assert len(str(caught.value)) < 300
