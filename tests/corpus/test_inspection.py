"""Documents of a corpus as text, and records of a source before a build."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.corpus import CorpusRecipe, TokenShards, build_corpus
from biomatrix.errors import ConfigurationError


@pytest.fixture(scope="module")
def built(recipe: CorpusRecipe, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("inspected")
    build_corpus(recipe, data, work)
    return work


def test_documents_are_shown_whole_with_where_they_come_from(built: Path, data: Path) -> None:
    runner = CliRunner()
    found = json.loads(runner.invoke(app, ["corpus", "inspect", str(built), "--count", "500", "--json"]).stdout)
    shards = TokenShards(built / "shards")
    assert [one["number"] for one in found] == list(range(len(shards)))
    assert [sum(piece["tokens"] for piece in one["pieces"]) for one in found] == shards.lengths.tolist()
    named = {one["record"] for one in found if one["source"] == "cath_s20"}
    assert named
    assert all(record.startswith("d") for record in named), named
    asked = [one for one in found if one["view"] == "molecule_from_name"]
    assert asked
    assert {piece["weight"] for one in asked for piece in one["pieces"]} == {0.0, 1.0}
    shown = runner.invoke(app, ["corpus", "inspect", str(built), "--view", "molecule_from_name", "--count", "1"]).stdout
    assert "{" in shown
    assert "molecule_" in shown


def test_a_choice_is_by_view_source_and_seed(built: Path) -> None:
    runner = CliRunner()
    arguments = ["corpus", "inspect", str(built), "--json", "--source", "opsin_names", "--count", "2"]
    first, again, other = (
        json.loads(runner.invoke(app, [*arguments, "--seed", seed]).stdout) for seed in ("1", "1", "2")
    )
    assert first == again != other
    assert {one["source"] for one in first} == {"opsin_names"}
    wrong = runner.invoke(app, ["corpus", "inspect", str(built), "--view", "text2"])
    assert isinstance(wrong.exception, ConfigurationError)


def test_records_and_rejects_of_a_source_are_shown(data: Path) -> None:
    arguments = ["corpus", "inspect", "opsin_names", "--data", str(data), "--count", "10", "--json"]
    rows = json.loads(CliRunner().invoke(app, arguments).stdout)
    refused = [row["refused"] for row in rows if "refused" in row]
    assert len(rows) == 10
    assert len(refused) == 2
    assert any("fragments" in reason for reason in refused)
    assert all(row["kind"] == "molecule" and row["entities"] for row in rows if "refused" not in row)


def test_statistics_are_printed_and_written(built: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    printed = runner.invoke(app, ["corpus", "stats", str(built), "-q"]).stdout
    assert "cross_entity" in printed
    assert "79.7B" in printed
    assert "Lengths of documents" in printed
    for name in ("page.html", "page.md"):
        assert runner.invoke(app, ["corpus", "stats", str(built), "-q", "-o", str(tmp_path / name)]).exit_code == 0
    assert "<h2" in (tmp_path / "page.html").read_text()
    assert "| openstax |" in (tmp_path / "page.md").read_text()
