"""Curves of a run: every figure that is logged is drawn where it belongs, also of a run that is still being written."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.errors import ConfigurationError
from biomatrix.report.line_chart import HEIGHT, Line, line_chart, round_ticks
from biomatrix.report.training_curves import RunMetrics, write_curves

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The metrics of a run of 200 steps that is being written."""
    folder = tmp_path / "my_run"
    folder.mkdir()
    lines: list[dict[str, Any]] = []
    for step in range(1, 201):
        told = {"learning_rate": 1e-3, "gradient_norm": 1.0, "tokens_per_second": 5e3, "mfu": 0.25}
        lines.append({"step": step, "loss": 1 + 9 / step, **told})
        if step % 50 == 0:
            tasks = {f"view:task_{number}": {"nats": number / 2, "bits": 1.0, "tokens": 7} for number in range(9)}
            text = {"nats": 3.0 - step / 200, "bits": 4.0, "tokens": 1234}
            lines.append({"step": step, "held_out": {"text": text, "protein_sequence": text, "all": text, **tasks}})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "metrics.jsonl").write_text(text + '{"step": 201, "loss": 1.')
    return folder


def charts(page: str) -> list[ElementTree.Element]:
    parts = page.split("<svg ")[1:]
    return [ElementTree.fromstring("<svg " + part.partition("</svg>")[0] + "</svg>") for part in parts]


def words(chart: ElementTree.Element) -> list[str]:
    return ["".join(text.itertext()) for text in chart.iter(f"{SVG}text")]


def test_a_page_draws_all_that_a_run_logs(run: Path, tmp_path: Path) -> None:
    found = write_curves(run, tmp_path / "curves.html")
    assert (len(found.steps), len(found.held_out), found.damaged) == (200, 4, 1)
    page = (tmp_path / "curves.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "1 damaged line left out" in page
    drawn = charts(page)
    assert [words(chart)[0] for chart in drawn] == [
        "Training loss, nats a token",
        "Held-out loss by modality, nats a token",
        "Held-out loss by task, nats a token (1 of 2)",
        "Held-out loss by task, nats a token (2 of 2)",
        "Learning rate",
        "Norm of the gradient",
        "Tokens a second",
        "Model FLOPs utilisation, %",
    ]
    assert {"text", "protein_sequence", "all"} <= set(words(drawn[1]))
    named = {word for chart in drawn[2:4] for word in words(chart)}
    assert {f"task_{number}" for number in range(9)} <= named
    assert "<td>1,234</td>" in page
    assert "<td>2.500</td>" in page


def test_a_drawing_holds_the_same_charts(run: Path, tmp_path: Path) -> None:
    write_curves(run / "metrics.jsonl", tmp_path / "curves.svg")
    root = ElementTree.parse(tmp_path / "curves.svg").getroot()
    assert len(root.findall(f"{SVG}g")) == 8
    assert root.get("height") == str(4 * HEIGHT)


def test_a_curve_goes_where_its_values_are() -> None:
    x = np.arange(11.0)
    chart = ElementTree.fromstring(
        line_chart("t", "step", [Line("up", x, x), Line("gap", x, np.where(x == 3, np.nan, 5))])
    )
    up, gap = (
        [tuple(map(float, point.split(","))) for point in (curve.get("points") or "").split()]
        for curve in chart.iter(f"{SVG}polyline")
    )
    assert len(up) == 11
    assert len(gap) == 10
    np.testing.assert_allclose(np.diff([point[0] for point in up]), (up[-1][0] - up[0][0]) / 10, atol=0.11)
    assert up[0][1] > up[5][1] > up[10][1]  # upwards is less in a drawing
    assert up[5][1] == pytest.approx(gap[0][1], abs=0.11)


def test_a_spike_survives_thinning_and_labels_stay_apart() -> None:
    x = np.arange(5000.0)
    y = np.where(x == 3333, 9.0, 1.0 + x / 1e5)
    lines = [Line(f"line {number}", x, y + number * 1e-3) for number in range(7)]
    chart = ElementTree.fromstring(line_chart("t", "step", lines))
    curve = next(chart.iter(f"{SVG}polyline"))
    points = [float(point.split(",")[1]) for point in (curve.get("points") or "").split()]
    assert len(points) <= 401
    assert min(points) < 0.5 * float(np.median(points))
    places = [float(text.get("y") or 0) for group in chart.iter(f"{SVG}g") for text in group.findall(f"{SVG}text")]
    assert len(places) == 7
    assert np.diff(sorted(places)).min() >= 12
    assert max(places) <= HEIGHT


def test_ticks_are_round_and_inside() -> None:
    for low, high in ((0.0, 1.0), (-3.2, 17.0), (0.00012, 0.0019), (5.0, 5.001), (0, 4e9)):
        ticks = round_ticks(low, high)
        assert 2 <= len(ticks) <= 7
        assert low <= ticks[0] <= ticks[-1] <= high


def test_what_cannot_be_drawn_is_said(run: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"metrics.jsonl here: give the output folder"):
        RunMetrics.of(tmp_path)
    with pytest.raises(ConfigurationError, match=r"\.html or \.svg, not \.png"):
        write_curves(run, tmp_path / "curves.png")
    (run / "metrics.jsonl").write_text('{"ste')
    with pytest.raises(ConfigurationError, match="no loss is logged yet"):
        RunMetrics.of(run)


def test_the_command_says_where_a_run_stands(run: Path) -> None:
    told = CliRunner().invoke(app, ["train", "plot", str(run)])
    assert told.exit_code == 0
    assert told.output.strip() == (
        f"{run}/curves.html: step 200, loss 1.0450; held-out loss 2.0000 nats a token at step 200; "
        "1 damaged line left out"
    )
    assert (run / "curves.html").is_file()
    as_json = json.loads(CliRunner().invoke(app, ["train", "plot", str(run), "--json"]).output)
    assert as_json["training"]["step"] == 200
    assert as_json["damaged_lines"] == 1
