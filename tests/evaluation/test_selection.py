"""Names and groups of benchmarks, benchmarks from outside, and where their data lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.opening import open_answerer
from biomatrix.evaluation.rows import read_rows
from biomatrix.evaluation.run import run_benchmark
from biomatrix.evaluation.selection import groups, selected
from biomatrix.evaluation.session import NotRun, run_all
from biomatrix.evaluation.settings import Settings
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.data_places import DataPlaces, places
from biomatrix.tasks.benchmarks.registry import benchmark, benchmarks, load_benchmarks, unregister_benchmark
from biomatrix.tasks.benchmarks.sample_data import sample_folder


def test_groups_are_domains_and_fine_tuning_groups(definitions: Path) -> None:
    assert groups()["all"] == tuple(benchmarks())
    assert {"own_count", "own_copy"} <= set(groups()["molecule"])
    assert groups()["own-group"] == ("own_count",)


def test_names_and_groups_give_each_benchmark_once(definitions: Path) -> None:
    names = [one.name for one in selected(["own_copy", "own-group", "own_copy", "own_count"])]
    assert names == ["own_copy", "own_count"]


@pytest.mark.parametrize("name", sorted(benchmarks()))
def test_rows_are_the_same_wherever_their_source_lies(name: str, tmp_path: Path) -> None:
    one = benchmark(name)
    here, elsewhere = sample_folder(one.data), tmp_path / "elsewhere"
    elsewhere.symlink_to(here)
    assert read_rows(one, one.data, here, 3).digest == read_rows(one, one.data, elsewhere, 3).digest


@pytest.mark.parametrize(
    ("name", "meant"), [("own_cuont", "own_count"), ("molecul", "molecule"), ("own-gruop", "own-group")]
)
def test_wrong_names_are_told_the_nearest(definitions: Path, name: str, meant: str) -> None:
    with pytest.raises(ConfigurationError, match=meant):
        selected([name])


def test_nothing_named_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="name a task"):
        selected([])


def test_a_file_is_loaded_twice_alike_and_not_otherwise(definitions: Path, tmp_path: Path) -> None:
    again = load_benchmarks(definitions)
    assert [one.name for one in again] == ["own_count", "own_copy"]
    other = tmp_path / "other.toml"
    other.write_text(definitions.read_text().replace("Heavy atoms", "Something else"))
    with pytest.raises(ConfigurationError, match="own_count"):
        load_benchmarks(other)
    unregister_benchmark("own_count")
    assert "own_count" not in benchmarks()


def test_data_lie_below_the_folder_in_it_or_in_the_cache(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert DataPlaces(data).folder("own_rows") == data / "own_rows"
    assert DataPlaces(data / "own_rows").folder("own_rows") == data / "own_rows"
    monkeypatch.setenv("BIOMATRIX_DATA", str(tmp_path / "cache"))
    assert DataPlaces().folder("own_rows") == tmp_path / "cache" / "own_rows"


def test_stand_ins_are_taken_where_named_or_where_the_official_data_are_missing(count: Benchmark, data: Path) -> None:
    assert DataPlaces(data, stand_ins=True).data_set(count).source.name == "own_rows"
    named = places(data, ["own_stand_in"], [count])
    assert named.data_set(count).source.name == "own_stand_in"
    assert named.difference(count, named.data_set(count)) == "own_stand_in"
    assert not named.difference(count, count.data)
    (data / "own_rows" / "test.jsonl").unlink()
    assert DataPlaces(data, stand_ins=True).data_set(count).source.name == "own_stand_in"
    assert DataPlaces(data).data_set(count).source.name == "own_rows"


def test_a_source_has_a_folder_of_its_own(count: Benchmark, data: Path) -> None:
    given = places(None, [f"own_stand_in={data / 'own_rows'}"], [count])
    assert given.folder("own_stand_in") == data / "own_rows"
    with pytest.raises(ConfigurationError, match="own_rows"):
        places(None, ["own_rosw"], [count])
    with pytest.raises(ConfigurationError, match="no such folder"):
        places(data / "nowhere", [], [count])


def test_baselines_learn_from_a_stand_in_where_the_official_data_are_a_test_split_alone(
    count: Benchmark, data: Path, tmp_path: Path
) -> None:
    (data / "own_rows" / "train.jsonl").rename(data / "own_stand_in" / "train.jsonl")
    where = DataPlaces(data, stand_ins=True)
    assert where.data_set(count) is count.data
    assert where.training_set(count, count.data).source.name == "own_stand_in"
    assert DataPlaces(data).training_set(count, count.data) is count.data
    result = run_benchmark(count, open_answerer("baseline:majority"), where, Settings(), tmp_path / "run")
    assert result["data"]["official"]
    assert result["data"]["training"] == "own_stand_in"
    assert any("own_stand_in" in note for note in result["data"]["notes"])


@pytest.mark.parametrize(("name", "lent"), [("mol_opt_s2_logp", "openmolins"), ("mol_opt_molopt_qed", "mumo_instruct")])
def test_sets_of_requests_have_their_training_rows_elsewhere(name: str, lent: str, monkeypatch: Any) -> None:
    known = benchmark(name)
    assert not DataPlaces(sample_folder(known.data)).is_here(known.data, "train")
    here = DataPlaces(sample_folder(known.data), stand_ins=True)
    monkeypatch.setattr(DataPlaces, "is_here", lambda self, data, split="test": data.source.name == lent)
    assert here.training_set(known, known.data).source.name == lent


def test_a_file_that_is_gone_leaves_its_task_out_and_the_rest_goes_on(
    count: Benchmark, copy: Benchmark, here: DataPlaces, tmp_path: Path
) -> None:
    missing = here.folder("own_rows") / "train.jsonl"
    missing.unlink()
    answerer = open_answerer("baseline:majority")
    (one,) = run_all([count], answerer, here, Settings(), tmp_path)
    assert isinstance(one, NotRun)
    assert one.reason == f"{missing}: No such file or directory"


def test_what_a_judge_lacks_is_noted_once(count: Benchmark, here: DataPlaces, tmp_path: Path) -> None:
    lacking = replace(count, judge="own_benchmark_parts:lacking")
    result = run_benchmark(lacking, open_answerer("own_benchmark_parts:guess"), here, Settings(seeds=2), tmp_path / "r")
    assert [note for note in result["notes"] if "scales" in note] == [
        "rmse, within_one, distinct: needs a set of scales"
    ]


def test_an_evaluation_has_one_line_of_progress_for_each_task(
    copy: Benchmark, here: DataPlaces, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="biomatrix.progress"):
        run_benchmark(copy, open_answerer("own_benchmark_parts:with_progress"), here, Settings(), tmp_path / "run")
    lines = [record.message for record in caplog.records if record.name == "biomatrix.progress"]
    assert len(lines) == 1
    assert lines[0].startswith("own_copy, ")
