"""Comparisons: floors said in a word, other data not set beside printed numbers, hostile text shown as text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.comparison import Line, Run, Value, compared, read_runs
from biomatrix.evaluation.dot_plot import Dot, dot_plot
from biomatrix.evaluation.html_report import page
from biomatrix.evaluation.markdown_report import escaped, markdown
from biomatrix.evaluation.opening import open_answerer
from biomatrix.evaluation.run import run_benchmark
from biomatrix.evaluation.settings import Settings
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.data_places import DataPlaces

PRINTED = [
    {"table": 1, "metric": "within_one", "model": "Rival", "notation": "none", "value": 88.2, "is_biomatrix": False,
     "is_best": True},
    {"table": 1, "metric": "within_one", "model": "BioMatrix-4B", "notation": "SMILES", "value": 78.2,
     "is_biomatrix": True, "is_best": False},
]  # fmt: skip


def line(**values: Value) -> Line:
    named = {name.replace("_", ":"): value for name, value in values.items()}
    return Line("t", "T", "molecule", "m", True, named, tuple(name for name in named if name.startswith("baseline")))


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (Value(0.4, 0.3, 0.5), "below floor (majority)"),
        (Value(0.05), "below floor (majority, random)"),
        (Value(0.6, 0.55, 0.7), "above every floor"),
        (Value(0.6, 0.45, 0.7), "no better than floor (majority)"),
        (Value(0.5), "no better than floor (majority)"),
        (Value(float("nan")), "below floor (majority): no value"),
    ],
)
def test_a_word_says_how_a_model_stands_to_the_floors(value: Value, word: str) -> None:
    one = line(nano=value, baseline_majority=Value(0.5), baseline_random=Value(0.1))
    assert one.best_floor == "baseline:majority"
    assert one.verdict("nano") == word


def test_the_lowest_floor_is_hardest_where_lower_is_better() -> None:
    one = replace(
        line(nano=Value(1.0, 0.9, 1.1), baseline_majority=Value(1.5), baseline_random=Value(3.0)),
        higher_is_better=False,
    )
    assert one.best_floor == "baseline:majority"
    assert one.verdict("nano") == "above every floor"
    assert replace(one, values={**one.values, "nano": Value(2.0)}).verdict("nano") == "below floor (majority)"
    assert line(nano=Value(1.0)).verdict("nano") == "no floor known"


@pytest.fixture
def runs(count: Benchmark, here: DataPlaces, tmp_path: Path) -> list[Run]:
    """A model, and the same under the name of a baseline: which of them are floors is told by the name."""
    for name, function in (("nano", "guess"), ("baseline:majority", "guess"), ("hostile", "hostile")):
        answerer: Any = open_answerer(f"own_benchmark_parts:{function}")
        answerer.name = name
        run_benchmark(count, answerer, here, Settings(limit=20), tmp_path / "runs" / name.replace(":", "-"))
    found = read_runs([tmp_path / "runs"])
    return [Run(run.folder, {**run.result, "published": PRINTED}) for run in found]


def test_runs_of_the_same_rows_stand_on_one_line(runs: list[Run]) -> None:
    lines = compared(runs)
    assert [one.metric for one in lines] == ["rmse", "within_one", "distinct"]
    assert set(lines[0].values) == {"nano", "baseline:majority", "hostile"}
    assert lines[1].values["nano"].value == pytest.approx(runs[-1].result["scores"]["within_one"]["value"] * 100)
    assert lines[1].best is not None
    assert (lines[1].best.model, lines[1].biomatrix[0].value) == ("Rival", 78.2)
    assert lines[0].best is None
    assert "20 of 24 rows" in lines[0].marks
    text = markdown(runs, lines)
    assert "no better than floor (majority)" in text
    assert "88.20 (Rival)" in text


def test_rows_without_an_answer_are_told_of(runs: list[Run]) -> None:
    silent = Run(runs[0].folder, {**runs[0].result, "counts": {"answers": 20, "empty": 17}})
    marks = compared([silent, *runs[1:]])[0].marks
    assert f"{silent.label}: 17 of 20 unanswered" in marks
    assert sum("unanswered" in mark for mark in marks) == 1 + sum(run.result["counts"]["empty"] > 0 for run in runs[1:])


def test_other_data_are_not_set_beside_printed_numbers(count: Benchmark, data: Path, tmp_path: Path) -> None:
    answerer = open_answerer("own_benchmark_parts:guess")
    places = DataPlaces(data, named=("own_stand_in",))
    result = run_benchmark(count, answerer, places, Settings(), tmp_path / "run")
    assert "not the official data but own_stand_in: other rows" in result["data"]["notes"]
    run = Run(tmp_path / "run", {**result, "published": PRINTED})
    for one in compared([run]):
        assert one.best is None
        assert one.biomatrix == ()
        assert "not the official data but own_stand_in" in one.marks
    for text in (markdown([run], compared([run])), page([run], compared([run])).to_html()):
        assert "not the official data" in text
        assert "88.2" not in text


def test_runs_of_other_rows_stand_apart(runs: list[Run], count: Benchmark, here: DataPlaces, tmp_path: Path) -> None:
    answerer = open_answerer("own_benchmark_parts:guess")
    result = run_benchmark(count, answerer, here, Settings(limit=4), tmp_path / "few")
    lines = compared([*runs, Run(tmp_path / "few", result)])
    assert len(lines) == 6
    assert {len(one.values) for one in lines} == {1, 3}


def test_hostile_answers_stay_text(runs: list[Run]) -> None:
    html = page(runs, compared(runs), "<script>alert(2)</script>").to_html()
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in html
    assert "<script" not in html  # a page without structures needs none
    assert "<img" not in html
    assert not re.findall(r'(?:src|href)="(?!#)[^"]+"', html)
    for row in markdown(runs, compared(runs)).splitlines():
        assert not row.startswith("|") or row.count("|") - row.count("\\|") >= 2
    assert escaped("a | <b>\n`c`") == "a \\| \\<b> \\`c\\`"


def test_answers_stand_beside_what_was_expected(runs: list[Run]) -> None:
    html = page(runs, compared(runs)).to_html()
    heads = re.findall(r"<tr><th>key</th>.*?</tr>", html)
    assert heads
    assert all("<th>expected</th>" in head for head in heads)
    # Each answer contributes to a mean, none to a root of a mean: that would be an empty column.
    assert "<th>within_one</th>" in heads[0]
    assert not any("<th>rmse</th>" in head for head in heads)


def test_long_answers_are_cut_in_the_page(copy: Benchmark, here: DataPlaces, tmp_path: Path) -> None:
    answerer = open_answerer("own_benchmark_parts:writes_megabytes")
    run_benchmark(copy, answerer, here, Settings(limit=2), tmp_path / "run")
    found = read_runs([tmp_path / "run"])
    html = page(found, compared(found)).to_html()
    assert "(3,000,000 characters)" in html
    assert len(html) < 100_000


def test_folders_without_results_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"result\.json"):
        read_runs([tmp_path])
    (tmp_path / "result.json").write_text('{"task": "x"}')
    with pytest.raises(ConfigurationError, match="not a result"):
        read_runs([tmp_path])


@pytest.mark.parametrize(
    "dots",
    [
        [],
        [Dot("none", float("nan"))],
        [Dot("same", 1.0), Dot("same", 1.0)],
        [Dot("<b>&\"'", -1e-9, -2e-9, 3.0, "floor"), Dot("far", 1e12, role="published")],
        [Dot("one", 0.0)],
    ],
)
def test_drawings_are_sound_whatever_is_drawn(dots: list[Dot]) -> None:
    drawing = dot_plot("<title> & more", dots)
    root = ElementTree.fromstring(drawing)
    assert root.attrib["aria-label"] == "<title> & more"
    places = [float(value) for each in root.iter() for key, value in each.attrib.items() if key in ("x", "x1", "cx")]
    assert all(0 <= each <= 500 for each in places)
