"""``biomatrix tasks``: what is listed is what there is; faults are one line each and an exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.errors import ConfigurationError
from biomatrix.tasks import tasks
from biomatrix.tasks.benchmarks.registry import benchmarks, unregister_benchmark

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
    assert [line.split() for line in lines[1 : len(tasks()) + 1]] == [
        [one.name, str(one.version), "-", "-", one.output or "-", one.metric or "-"] for one in tasks()
    ]
    rows = json.loads(RUNNER.invoke(app, ["tasks", "list", "--json", "--file", str(mine)]).stdout)
    assert [row["name"] for row in rows] == [*(one.name for one in tasks()), "predict_binding", *benchmarks()]


def test_benchmarks_are_listed_by_domain_and_group() -> None:
    for options, wanted in (
        (["--domain", "molecule"], {one.name for one in benchmarks().values() if one.domain == "molecule"}),
        (["--group", "mol-1D-gen"], {"mol_uncond_moses", "mol_uncond_guacamol"}),
    ):
        rows = json.loads(RUNNER.invoke(app, ["tasks", "list", "--json", *options]).stdout)
        assert {row["name"] for row in rows} == wanted
    result = RUNNER.invoke(app, ["tasks", "list", "--domain", "planet"])
    assert isinstance(result.exception, ConfigurationError)


def test_a_benchmark_is_shown_with_its_data_and_the_best_published_number() -> None:
    text = RUNNER.invoke(app, ["tasks", "show", "mol_prop_esol"]).stdout
    for words in (
        "osunlp/SMolInstruct",
        "CC BY 4.0",
        "official train",
        "21, the first",
        "number=",
        "published best 0.81",
    ):
        assert words in text
    record = json.loads(RUNNER.invoke(app, ["tasks", "show", "mol_prop_esol", "--json"]).stdout)
    assert record["metrics"][0]["published_best"] == 0.81
    assert [each["name"] for each in record["stand_ins"]] == ["moleculenet_esol"]


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
    result = RUNNER.invoke(app, ["tasks", "validate", str(mine)])
    assert (result.exit_code, result.stdout) == (0, "")
    counts = json.loads(RUNNER.invoke(app, ["tasks", "validate", str(mine), "--json"]).stdout)
    assert counts == {"tasks": 1, "views": 0, "faults": []}


def test_every_benchmark_is_validated_on_the_sample_that_comes_with_the_package() -> None:
    result = RUNNER.invoke(app, ["tasks", "validate", "--json"])
    found = json.loads(result.stdout)["benchmarks"]
    assert result.exit_code == 0, [each["faults"] for each in found if each["faults"]]
    assert [each["name"] for each in found] == list(benchmarks())
    assert all("official-format sample" in each["data"] and each["examples"] for each in found)


def test_a_benchmark_is_validated_by_its_name() -> None:
    result = RUNNER.invoke(app, ["tasks", "validate", "mol_prop_esol"])
    assert result.exit_code == 0
    assert result.stdout.startswith("ok      mol_prop_esol: validated on its official-format sample")
    assert result.stdout == RUNNER.invoke(app, ["tasks", "validate", "--task", "mol_prop_esol"]).stdout


def test_a_local_copy_is_validated_and_a_broken_one_fails(tmp_path: Path) -> None:
    (tmp_path / "moleculenet").mkdir()
    rows = "".join(f"{'C' * size}O,{-size}\n" for size in range(1, 60))
    (tmp_path / "moleculenet" / "esol.csv").write_text(f"smiles,logSolubility\n{rows}")
    options = ["--from", str(tmp_path), "--source", "moleculenet_esol"]
    result = RUNNER.invoke(app, ["tasks", "validate", *options])
    assert result.exit_code == 0
    assert f"ok      mol_prop_esol: validated on moleculenet_esol in {tmp_path}" in result.stdout
    (tmp_path / "moleculenet" / "esol.csv").unlink()
    result = RUNNER.invoke(app, ["tasks", "validate", *options])
    assert result.exit_code == 1
    assert result.stdout.startswith("FAULT   mol_prop_esol: its data do not load: no file moleculenet/esol.csv")
    refused = RUNNER.invoke(app, ["tasks", "validate", "--from", str(tmp_path)])
    assert isinstance(refused.exception, ConfigurationError)


def written_in_the_docs() -> str:
    """Return the benchmark that the page on evaluation shows."""
    page = (Path(__file__).parents[2] / "docs/how-to/evaluate-a-model.md").read_text(encoding="utf-8")
    block = page[page.index("    [sources.my_rows]") : page.index("With `mine.csv`")]
    return "\n".join(line.removeprefix("    ") for line in block.splitlines())


def test_own_benchmarks_are_listed_shown_validated_and_exported(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(written_in_the_docs())
    (tmp_path / "mine.csv").write_text("smiles,atoms\nCCO,3\nc1ccccc1,6\n")
    toml, here = str(tmp_path / "own.toml"), ("--from", str(tmp_path))
    try:
        listed = RUNNER.invoke(app, ["tasks", "list", "--file", toml, "--domain", "molecule"])
        assert "my_task" in listed.stdout
        shown = RUNNER.invoke(app, ["tasks", "show", "my_task", "--file", toml])
        assert "How many heavy atoms has {molecule}?" in shown.stdout
        validated = RUNNER.invoke(app, ["tasks", "validate", toml, *here])
        assert validated.exit_code == 0
        assert validated.stdout.startswith("ok      my_task: validated on my_rows")
        without = RUNNER.invoke(app, ["tasks", "validate", toml])
        assert without.exit_code == 1
        assert "name the folder of its data with --from" in without.stdout
        out = tmp_path / "out"
        arguments = ["my_task", "--file", toml, *here, "--split", "test", "-o", str(out)]
        exported = RUNNER.invoke(app, ["tasks", "export", *arguments])
        assert "2 records, 0 refused" in exported.stdout
    finally:
        unregister_benchmark("my_task")


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
