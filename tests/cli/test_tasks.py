"""``biomatrix tasks``: what is listed is what there is; faults are one line each and an exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.errors import ConfigurationError
from biomatrix.tasks import tasks

RUNNER = CliRunner()
MINE = """
[tasks.predict_binding]
prompts = ["Binding of {molecule}"]
answer = "{binding:.1f}"
parser = "number"
metric = "mean_absolute_error"

[fields]
binding = "pIC50"
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    return path


def test_every_task_is_listed_with_its_version_output_and_metric(mine: Path) -> None:
    lines = RUNNER.invoke(app, ["tasks", "list"]).stdout.splitlines()
    assert [line.split() for line in lines[1:]] == [
        [one.name, str(one.version), one.output or "-", one.metric or "-"] for one in tasks()
    ]
    rows = json.loads(RUNNER.invoke(app, ["tasks", "list", "--json", "--file", str(mine)]).stdout)
    assert [row["name"] for row in rows] == [*(one.name for one in tasks()), "predict_binding"]


def test_a_task_is_shown_with_prompts_needs_and_parser(mine: Path) -> None:
    for name, file in (("fold_protein", []), ("predict_binding", ["--file", str(mine)])):
        shown = json.loads(RUNNER.invoke(app, ["tasks", "show", name, "--json", *file]).stdout)
        plain = RUNNER.invoke(app, ["tasks", "show", name, *file]).stdout
        assert all(text in plain for text in (*shown["prompts"], *shown["needs"], shown["parser"]))
    assert shown["higher_is_better"] is False
    result = RUNNER.invoke(app, ["tasks", "show", "brew"])
    assert result.exit_code == 1
    assert isinstance(result.exception, ConfigurationError)
    assert "no task 'brew'" in str(result.exception)


def test_sound_definitions_validate(mine: Path) -> None:
    for file in ([], [str(mine)]):
        result = RUNNER.invoke(app, ["tasks", "validate", *file])
        assert (result.exit_code, result.stdout) == (0, "")
    counts = json.loads(RUNNER.invoke(app, ["tasks", "validate", str(mine), "--json"]).stdout)
    assert counts == {"tasks": 1, "views": 0, "faults": []}


def test_each_fault_is_one_line_and_the_command_fails(mine: Path) -> None:
    mine.write_text(MINE.replace("{molecule}", "{molecul}").replace('"number"', '"nubmer"'))
    result = RUNNER.invoke(app, ["tasks", "validate", str(mine)])
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert all(line.startswith("predict_binding: ") for line in lines)
    assert any("{molecul}" in line for line in lines)
    assert any("nubmer" in line for line in lines)


@pytest.mark.parametrize("command", ["list", "show", "validate"])
def test_help_has_an_example(command: str) -> None:
    assert f"Example: biomatrix tasks {command}" in RUNNER.invoke(app, ["tasks", command, "--help"]).output
