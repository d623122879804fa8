"""Documents of a corpus as text, and records of a source before a build."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.corpus import CorpusRecipe, TokenShards, build_corpus, held_out_folders
from biomatrix.corpus.statistics import corpus_statistics
from biomatrix.errors import ConfigurationError, ParseError


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


def test_held_out_documents_name_their_records(tmp_path: Path) -> None:
    sources = []
    for name, rows in {"a": "a1,CCO,test\na2,CCN,train\na3,CCCN,test", "b": "b1,CCCl,test\nb2,CCF,train"}.items():
        (tmp_path / f"{name}.csv").write_text(f"id,smiles,split\n{rows}\n")
        described = {"kind": "molecule", "entity": "smiles", "id": "id", "licence": ["CC0-1.0"]}
        files = {"reader": "csv", "files": [f"{name}.csv"], "hold_out": {"column": "split"}}
        sources.append({"name": name, **described, **files})
    given = {"name": "r", "sources": sources, "views": {"molecule_smiles": 1.0}, "modalities": ["molecule_smiles"]}
    build_corpus(CorpusRecipe.model_validate(given), tmp_path, tmp_path / "work")
    folder = held_out_folders(tmp_path / "work/shards")["molecule_smiles"]
    runner = CliRunner()
    arguments = ["corpus", "inspect", str(folder), "--count", "9", "--json"]
    found = json.loads(runner.invoke(app, arguments).stdout)
    assert sorted((one["source"], one["record"]) for one in found) == [("a", "a1"), ("a", "a3"), ("b", "b1")]
    assert {one["record"] for one in found if "N" in one["pieces"][0]["text"]} == {"a3"}
    counted = {one["name"]: one["documents"] for one in TokenShards(folder).manifest["sources"]}
    assert counted == {"a": 2, "b": 1}
    of_one = json.loads(runner.invoke(app, [*arguments, "--source", "b"]).stdout)
    assert [one["record"] for one in of_one] == ["b1"]
    (folder / "00000/origins.jsonl").write_text("{}\n")
    with pytest.raises(ParseError, match="not the records"):
        _ = next(TokenShards(folder).readers).origins


def test_sources_of_a_recipe_are_shown_before_it_is_built(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('name = "r"\nsources = [{ name = "opsin_names" }, { name = "cath_s20" }]\n')
    arguments = ["corpus", "inspect", str(path), "--data", str(data), "--count", "2"]
    both = CliRunner().invoke(app, arguments).stdout
    assert [both.count(f"{name}: ") for name in ("opsin_names", "cath_s20")] == [2, 2]
    one = json.loads(CliRunner().invoke(app, [*arguments, "--source", "cath_s20", "--json"]).stdout)
    assert {row["kind"] for row in one} == {"protein"}
    wrong = CliRunner().invoke(app, [*arguments, "--source", "cath"])
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


def test_statistics_count_the_records_that_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,smiles,split\na1,CCO,train\na2,CCN,train\na3,CCCN,test\na4,CCCl,test\n")
    source = {
        "name": "a",
        "reader": "csv",
        "files": ["a.csv"],
        "kind": "molecule",
        "entity": "smiles",
        "id": "id",
        "licence": ["CC0-1.0"],
        "hold_out": {"column": "split"},
    }
    name = "molecule_selfies"
    given = {"name": "r", "sources": [source], "views": {name: 1.0}, "modalities": [name]}
    build_corpus(CorpusRecipe.model_validate(given), tmp_path, tmp_path / "work")
    assert corpus_statistics(tmp_path / "work")["written_whole"] == {name: {"trained on": (2, 2), "held out": (2, 1)}}
    assert "50.00%" in CliRunner().invoke(app, ["corpus", "stats", str(tmp_path / "work"), "-q"]).stdout


def test_a_source_without_records_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    (tmp_path / "r.toml").write_text(
        'name = "r"\nsources = [{ name = "a", reader = "jsonl", files = ["a.jsonl"], fields = { text = "text" } }]\n'
    )
    wrong = CliRunner().invoke(app, ["corpus", "inspect", str(tmp_path / "r.toml"), "--data", str(tmp_path)])
    assert isinstance(wrong.exception, ConfigurationError)
    assert "no record in its files" in str(wrong.exception)
