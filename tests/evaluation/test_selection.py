"""Names and groups of benchmarks, benchmarks from outside, and where their data lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.data_places import DataPlaces, places
from biomatrix.evaluation.selection import groups, selected
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.registry import benchmarks, load_benchmarks, unregister_benchmark


def test_groups_are_domains_and_fine_tuning_groups(definitions: Path) -> None:
    assert groups()["all"] == tuple(benchmarks())
    assert {"own_count", "own_copy"} <= set(groups()["molecule"])
    assert groups()["own-group"] == ("own_count",)


def test_names_and_groups_give_each_benchmark_once(definitions: Path) -> None:
    names = [one.name for one in selected(["own_copy", "own-group", "own_copy", "own_count"])]
    assert names == ["own_copy", "own_count"]


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
