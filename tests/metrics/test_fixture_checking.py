"""Checking fixtures: every value compared, nothing passes that differs, what is no fixture is one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from biomatrix.cli.commands import registered
from biomatrix.errors import ParseError, UnsupportedError
from biomatrix.metrics.parity.checking import all_adapters, check_fixture
from biomatrix.metrics.parity.comparison import compared
from biomatrix.metrics.parity.fixture_files import Fixture, Skipped, read_fixture
from biomatrix.metrics.parity.reporting import lines_of

RMSE: dict[str, Any] = {
    "metric": "SMolInstruct RMSE (ESOL, Lipo)",
    "official_source": {"repo": "OSU-NLP-Group/LLM4Chem", "commit": "0", "files": []},
    "tolerance_abs": 1e-6,
    "inputs": {"predictions": ["1", "2", "", None, "two"], "references": ["1", "4", "5", "6", "7"]},
    "expected": {"raw": {"num_all": 5, "num_no_answer": 2, "num_invalid": 1, "RMSE": 2**0.5}},
}


def written(folder: Path, content: object, name: str = "any_name.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def outcomes(expected: Any, ours: Any, overrides: dict[str, float] | None = None) -> list[tuple[str, str]]:
    fixture = Fixture("x", {}, {"a": expected}, 0.01, overrides or {})
    return [(one.name, one.outcome) for one in compared(fixture, {"a": ours})]


def test_a_fixture_is_known_by_its_content_alone(tmp_path: Path) -> None:
    checked = check_fixture(written(tmp_path, RMSE))
    assert checked.adapter == "smolinstruct_rmse"
    assert checked.reached
    assert checked.count("pass") == 4


@pytest.mark.parametrize(("key", "value"), [("num_all", 6), ("RMSE", 1.41), ("RMSE", None), ("further", 1)])
def test_a_value_that_differs_fails(tmp_path: Path, key: str, value: float | None) -> None:
    checked = check_fixture(written(tmp_path, {**RMSE, "expected": {"raw": {**RMSE["expected"]["raw"], key: value}}}))
    assert not checked.reached
    assert [one.name for one in checked.values if one.outcome == "fail"] == [f"raw.{key}"]


def test_values_compare_by_their_type() -> None:
    assert outcomes(None, float("nan")) == [("a", "pass")]
    assert outcomes(1.0, float("nan")) == [("a", "fail")]
    assert outcomes(True, 1) == [("a", "fail")]
    assert outcomes("x", "x") == [("a", "pass")]
    assert outcomes([1.0, 2.0], [1.0]) == [("a", "fail")]
    assert outcomes([1.0, {"b": 2}], [1.005, {"b": 3}]) == [("a[0]", "pass"), ("a[1].b", "fail")]
    assert outcomes({"b": 1, "c": 2}, {"b": Skipped("no weights"), "c": 2}) == [("a.b", "skipped"), ("a.c", "pass")]
    assert outcomes([1, 2], 7) == [("a[0]", "fail"), ("a[1]", "fail")]


def test_numbers_beyond_floats_differ_and_nothing_more(tmp_path: Path) -> None:
    checked = check_fixture(written(tmp_path, {**RMSE, "expected": {"raw": {"num_all": 10**400, "RMSE": -(10**400)}}}))
    assert checked.count("fail") == 2
    assert list(lines_of(checked, "x"))


def test_an_override_holds_for_what_it_names() -> None:
    expected, ours = {"mmd_bond": [1.0, 1.0], "rest": 1.0}, {"mmd_bond": [1.2, 1.6], "rest": 1.2}
    assert outcomes(expected, ours, {"mmd_*": 0.5}) == [
        ("a.mmd_bond[0]", "pass"),
        ("a.mmd_bond[1]", "fail"),
        ("a.rest", "fail"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "", "no JSON", "[]", "{}", "[" * 100_000,
        {**RMSE, "inputs": []}, {**RMSE, "expected": 3}, {**RMSE, "tolerance_abs": -1}, {**RMSE, "metric": 3},
        {**RMSE, "tolerance_abs": float("nan")}, {**RMSE, "tolerance_abs_overrides": {"a": "b"}},
        {**RMSE, "inputs": {}}, {**RMSE, "inputs": {"predictions": ["1"], "references": []}},
        {**RMSE, "inputs": {"predictions": 1, "references": 2}}, {**RMSE, "tolerance_abs": 10**400},
        {**RMSE, "inputs": {"predictions": ["1"], "references": [[]]}},
    ],
)  # fmt: skip
def test_what_is_no_fixture_is_one_line(tmp_path: Path, content: object) -> None:
    with pytest.raises(ParseError) as error:
        check_fixture(written(tmp_path, content))
    assert "\n" not in str(error.value)


def test_an_absent_file_and_an_unknown_family_say_so(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="cannot be read"):
        read_fixture(tmp_path / "absent.json")
    with pytest.raises(UnsupportedError, match="no metric known here: 'astrology'"):
        check_fixture(written(tmp_path, {**RMSE, "metric": "astrology"}))


def test_no_two_adapters_claim_the_same_words() -> None:
    words = [one.metric.casefold() for one in all_adapters()]
    assert len(set(words)) == len(words)


def test_the_command_prints_every_value_and_exits_with_1_on_a_failure(tmp_path: Path) -> None:
    runner, app = CliRunner(), registered()
    good = written(tmp_path, RMSE)
    result = runner.invoke(app, ["metrics", "check", str(good)])
    assert result.exit_code == 0
    assert "pass     raw.RMSE: 1.414213562, expected 1.414213562, difference 0" in result.output
    assert "reached: 4 passed, 0 failed, 0 skipped" in result.output
    bad = written(tmp_path, {**RMSE, "expected": {"raw": {"RMSE": 1.0}}}, "bad.json")
    result = runner.invoke(app, ["metrics", "check", str(good), str(bad), "--json"])
    assert result.exit_code == 1
    assert [record["reached"] for record in json.loads(result.stdout)] == [True, False]
    result = runner.invoke(app, ["metrics", "check", str(tmp_path)])
    assert result.exit_code == 1
    assert "cannot be read" in result.output
