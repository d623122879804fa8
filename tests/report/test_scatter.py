"""Drawings of points and of counts: complete, escaped, bounded."""

from __future__ import annotations

import re

import numpy as np

from biomatrix.report.histogram import histogram
from biomatrix.report.scatter import GROUP_COLOURS, NO_GROUP, group_colours, scatter

HOSTILE = '</svg><script>alert("x")</script>'


def test_every_point_is_drawn_inside_in_the_colour_of_its_group() -> None:
    points = np.random.default_rng(0).normal(size=(300, 2))
    groups = np.array(["a"] * 200 + ["unknown"] * 100)
    drawn = scatter("cells", points, groups, group_colours(groups.tolist(), "unknown"), ("PC 1", "PC 2"))
    assert [len(re.findall("M", path)) for path in re.findall(r'd="([^"]*h0[^"]*)"', drawn)] == [100, 200]
    places = np.array(re.findall(r"M([\d.]+) ([\d.]+)h0", drawn), dtype=float)
    assert places.min() >= 0
    assert (places.max(axis=0) <= (480, 400)).all()
    assert "a (200)" in drawn
    assert "unknown (100)" in drawn


def test_more_cells_than_can_be_seen_are_thinned_and_said() -> None:
    points = np.random.default_rng(0).normal(size=(12_000, 2))
    drawn = scatter("cells", points, np.full(12_000, "a"), {"a": "#123456"}, ("x", "y"))
    assert drawn.count("h0") <= 5_000
    assert "5,000 of 12,000 cells are drawn" in drawn


def test_names_from_outside_stay_text() -> None:
    groups = np.array([HOSTILE, "b"])
    drawn = scatter(HOSTILE, np.zeros((2, 2)), groups, group_colours(groups.tolist()), (HOSTILE, HOSTILE))
    assert "<script>" not in drawn + histogram(HOSTILE, HOSTILE, np.ones(3))


def test_groups_past_the_last_colour_are_grey() -> None:
    colours = group_colours([f"{number:02}" for number in range(20)])
    assert list(colours.values()) == [*GROUP_COLOURS, *[NO_GROUP] * (20 - len(GROUP_COLOURS))]


def test_a_histogram_counts_all_values() -> None:
    drawn = histogram("genes", "genes per cell", np.repeat([1.0, 2.0], [30, 10]))
    heights = [float(tall) for tall in re.findall(r'<rect[^>]*height="([\d.]+)"', drawn)]
    assert len(heights) == 30
    assert heights[0] == max(heights)
    assert abs(heights[-1] / heights[0] - 1 / 3) < 0.01
    assert "median 1, from 1 to 2" in drawn
    assert "median 0.25, from 0.1235 to 26,250" in histogram("counts", "counts", np.array([0.12345, 0.25, 26250.0]))
