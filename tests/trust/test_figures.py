"""Figures of abstention and calibration: well-formed, named, their axes in round numbers."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from biomatrix.trust import reliability, risk_coverage
from biomatrix.trust.figures import reliability_figure, risk_coverage_figure


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]


@pytest.mark.parametrize(("largest", "ticks"), [(1.54, ["0", "0.5", "1", "1.5", "2", "2.5"]), (0.0, ["0", "0.2"])])
def test_a_risk_curve_has_round_ticks_and_its_unit(largest: float, ticks: list[str]) -> None:
    curve = risk_coverage([0.9, 0.5, 0.1], [largest, 0.0, 0.0])
    found = texts(risk_coverage_figure(curve, "A < B", "absolute error (log mol/L)"))
    assert found[0].startswith("A < B (AURC ")
    assert "absolute error (log mol/L)" in found
    assert set(ticks) <= set(found)


def test_a_reliability_diagram_says_its_error_and_how_many_records_a_dot_is() -> None:
    found = reliability_figure(reliability([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 0], bins=2), "BACE")
    assert "BACE (ECE 0.250)" in texts(found)
    assert found.count("<title>2 records</title>") == 2
