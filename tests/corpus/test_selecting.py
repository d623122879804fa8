"""The step between records and tokens: what is left out of a build, why, and that the bytes are always the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from biomatrix.corpus.build_records import build_records
from biomatrix.corpus.decontamination.test_sets import own_sets
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.records import Record, read_batches, records_from_table
from biomatrix.corpus.select_records import Selection, select_records, told, told_test_sets


@pytest.fixture(autouse=True)
def no_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the benchmarks' data of this machine out of the tests."""
    monkeypatch.setenv("BIOMATRIX_DATA", str(tmp_path_factory.mktemp("no_data")))


def selected(recipe: CorpusRecipe, data: Path, work: Path, workers: int = 1) -> Selection:
    records = build_records(recipe.sources, data, work, size=recipe.slice_rows)
    return select_records(records, recipe, data, work, workers=workers)


def kept(selection: Selection) -> list[Record]:
    folders = [item.folder for group in selection.slices.values() for item in group]
    return [
        record
        for folder in folders
        for batch in read_batches(folder / "records.parquet")
        for record in records_from_table(batch)
    ]


def reasons(selection: Selection) -> list[dict[str, Any]]:
    folders = [item.folder for group in selection.slices.values() for item in group]
    return [json.loads(line) for folder in folders for line in (folder / "rejects.jsonl").read_text().splitlines()]


def table_recipe(data: Path, tables: dict[str, str], kind: str | None = None, **settings: Any) -> CorpusRecipe:
    """A recipe over comma-separated tables, each of a source of its own."""
    sources = []
    for name, text in tables.items():
        (data / f"{name}.csv").write_text(text)
        columns = {"kind": kind, "entity": "entity"} if kind else {}
        fields = {"text": "text"} if "text" in text.split("\n")[0] else {}
        sources.append(
            {
                "name": name,
                "reader": "csv",
                "files": [f"{name}.csv"],
                "fields": fields,
                "licence": ["CC0-1.0"],
                **columns,
            }
        )
    return CorpusRecipe.model_validate({"name": "tables", "sources": sources, "slice_rows": 4, **settings})


def test_proteins_that_resemble_held_out_ones_are_left_out(data: Path, recipe: CorpusRecipe, tmp_path: Path) -> None:
    selection = selected(recipe, data, tmp_path)
    lines = [line["reason"] for line in reasons(selection) if "letters in a row" in line["reason"]]
    assert len(lines) + sum("the same protein" in line["reason"] for line in reasons(selection)) == 2
    assert sum(record.source == "cath_s20" for record in kept(selection)) == 10
    assert selection.notes["decontamination_counts"]["cath_s20"] == {"identity": 2}
    taken = selection.notes["test_set_counts"]["cath_s20"]
    assert sum(taken.values()) == 2
    assert "deeploc_test" in taken
    assert "chebi20_test" in selection.notes["decontamination"]["not_covered"]


def test_the_sets_that_took_most_are_told_with_what_to_do() -> None:
    counts = {"a": {"one test": 3, "two validation": 10}, "b": {"one test": 9}}
    line = told_test_sets(counts, ["test", "validation"])
    assert line.startswith("test sets that took most: one test 12, two validation 10;")
    assert 'splits = ["test"]' in line
    assert "splits" not in told_test_sets(counts, ["test"])
    assert told_test_sets({"a": {f"s{i}": 1 for i in range(12)}}, ["test"]).endswith(" and 4 more")


def test_the_package_s_own_sets_are_of_the_parts_that_count() -> None:
    names = {splits: {one.name for one in own_sets(splits)} for splits in (("test",), ("validation",))}
    assert "moleculenet_splits_test" in names["test",]
    assert "moleculenet_splits_validation" in names["validation",]
    assert names["test",] & names["validation",] == {"held_out_chains"}


def test_off_only_by_the_recipe(data: Path, recipe: CorpusRecipe, tmp_path: Path) -> None:
    off = recipe.model_copy(update={"decontamination": recipe.decontamination.model_copy(update={"enabled": False})})
    selection = selected(off, data, tmp_path)
    assert sum(record.source == "cath_s20" for record in kept(selection)) == 12
    assert selection.notes["decontamination"]["enabled"] is False


def test_filters_refuse_with_their_name_and_are_counted(tmp_path: Path) -> None:
    recipe = table_recipe(
        tmp_path,
        {"one": "entity\nCCO\nCCCCCCCC\n[Na+].[Cl-]\n", "two": "entity\nCCO\nCCCCCCCC\n"},
        "molecule",
        filters=[
            {"name": "molecule_size", "settings": {"least": 4}, "without": ["two"]},
            {"name": "molecule_fragments"},
        ],
    )
    selection = selected(recipe, tmp_path, tmp_path / "work")
    assert selection.notes["filters"] == {"one": {"molecule_size": 2}, "two": {}}
    assert [line["reason"].partition(":")[0] for line in reasons(selection)] == ["filter molecule_size"] * 2
    assert [record.source for record in kept(selection)] == ["one", "two", "two"]
    assert "molecule_size 2" in told(selection.notes)


def test_equal_molecules_are_reduced_to_the_one_that_says_most(tmp_path: Path) -> None:
    tables = {
        "plain": "entity,text\nCCO,\nc1ccccc1,benzene\nCCN,\n",
        "named": "entity,text\nOCC,ethanol\nC1=CC=CC=C1,ring\nCCN,\nNCC,\n",
    }
    recipe = table_recipe(tmp_path, tables, "molecule", deduplication={"exact": True})
    selection = selected(recipe, tmp_path, tmp_path / "work")
    found = {(record.source, record.fields.get("text", "")) for record in kept(selection)}
    assert found == {("named", "ethanol"), ("plain", "benzene"), ("plain", "")}
    assert selection.notes["duplicates"] == {"plain": 1, "named": 3}
    assert {line["reason"] for line in reasons(selection)} >= {"duplicate of 'named/1'", "duplicate of 'plain/2'"}


def test_texts_are_equal_whatever_their_spaces_and_case(tmp_path: Path) -> None:
    rows = "text\nWater boils at a hundred degrees\nIce  melts at 0\n"
    recipe = table_recipe(
        tmp_path,
        {"a": rows, "b": "text\nwater boils  at a HUNDRED degrees\nSteam is hot\n"},
        deduplication={"exact": True},
    )
    selection = selected(recipe, tmp_path, tmp_path / "work")
    assert [record.fields["text"] for record in kept(selection)][-1] == "Steam is hot"
    assert sum(selection.notes["duplicates"].values()) == 1


def test_sources_outside_the_comparison_keep_everything(tmp_path: Path) -> None:
    tables = {"a": "entity\nCCO\nCCO\n", "b": "entity\nCCO\nOCC\n"}
    recipe = table_recipe(tmp_path, tables, "molecule", deduplication={"exact": True, "without": ["b"]})
    selection = selected(recipe, tmp_path, tmp_path / "work")
    assert [record.source for record in kept(selection)] == ["a", "b", "b"]


def test_near_texts_are_left_out_and_others_stay(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(200)]
    near = [*words]
    near[100] = "other"
    lines = [" ".join(words), " ".join(near), " ".join(reversed(words))]
    recipe = table_recipe(tmp_path, {"a": "text\n" + "\n".join(lines) + "\n"}, deduplication={"near": {"text": 0.8}})
    selection = selected(recipe, tmp_path, tmp_path / "work")
    assert [record.id for record in kept(selection)] == ["1", "3"]


@pytest.mark.parametrize("ranges", [1, 7])
def test_bytes_do_not_depend_on_workers_or_ranges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ranges: int) -> None:
    molecules = ["C" * (1 + number % 9) + "O" for number in range(40)]
    table = "entity\n" + "\n".join(molecules) + "\n"
    recipe = table_recipe(tmp_path, {"a": table, "b": table}, "molecule", deduplication={"exact": True})
    whole = selected(recipe, tmp_path, tmp_path / "whole")
    monkeypatch.setattr("biomatrix.corpus.deduplication.duplicates.LEAST_KEYS", -(-80 // ranges))
    monkeypatch.setattr("biomatrix.corpus.deduplication.duplicates.MOST_KEYS", -(-80 // ranges))
    other = selected(recipe, tmp_path, tmp_path / "other", workers=1)
    assert kept_bytes(whole) == kept_bytes(other)
    assert len(kept(whole)) == 9


@pytest.mark.slow
def test_bytes_do_not_depend_on_processes(tmp_path: Path) -> None:
    table = "entity\n" + "\n".join("C" * (1 + number % 9) + "O" for number in range(40)) + "\n"
    recipe = table_recipe(tmp_path, {"a": table, "b": table}, "molecule", deduplication={"exact": True})
    alone = selected(recipe, tmp_path, tmp_path / "alone")
    assert kept_bytes(alone) == kept_bytes(selected(recipe, tmp_path, tmp_path / "two", workers=2))


def kept_bytes(selection: Selection) -> list[bytes]:
    folders = [item.folder for group in selection.slices.values() for item in group]
    return [(folder / name).read_bytes() for folder in folders for name in ("records.parquet", "rejects.jsonl")]


def test_a_second_run_does_nothing(tmp_path: Path) -> None:
    recipe = table_recipe(tmp_path, {"a": "entity\nCCO\nOCC\n"}, "molecule", deduplication={"exact": True})
    selection = selected(recipe, tmp_path, tmp_path / "work")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "work" / "selected").rglob("*") if path.is_file()}
    again = selected(recipe, tmp_path, tmp_path / "work")
    assert again.slices == selection.slices
    assert times == {path: path.stat().st_mtime_ns for path in times}
