"""A run: the same result however it is cut up, stopped and gone on with; nothing that is answered ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.answer_log import AnswerLog, Entry, Place
from biomatrix.evaluation.answering import Reply
from biomatrix.evaluation.functions import FunctionAnswerer
from biomatrix.evaluation.leaks import LeakedKeys
from biomatrix.evaluation.opening import open_answerer
from biomatrix.evaluation.run import Handling, run_benchmark
from biomatrix.evaluation.settings import Settings
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.data_places import DataPlaces

from .conftest import PARTS, SMILES, write_rows


def run(
    benchmark: Benchmark, places: DataPlaces, folder: Path, function: str = "guess", **settings: Any
) -> dict[str, Any]:
    handling = settings.pop("handling", None)
    leaked = settings.pop("leaked", None)
    answerer = open_answerer(f"own_benchmark_parts:{function}")
    return run_benchmark(benchmark, answerer, places, Settings(**settings), folder, handling, leaked)


def timeless(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "times"}


@pytest.mark.parametrize("name", ["count", "copy"])
def test_the_result_does_not_depend_on_the_batch(
    name: str, request: pytest.FixtureRequest, here: DataPlaces, tmp_path: Path
) -> None:
    benchmark = request.getfixturevalue(name)
    results = [
        run(benchmark, here, tmp_path / str(batch), seeds=2, paraphrase=None, handling=Handling(batch=batch))
        for batch in (1, 7, 1000)
    ]
    assert timeless(results[0]) == timeless(results[1]) == timeless(results[2])
    assert json.loads((tmp_path / "7" / "result.json").read_text()) == results[1]


def test_the_log_holds_every_answer_in_order(copy: Benchmark, here: DataPlaces, tmp_path: Path) -> None:
    result = run(copy, here, tmp_path / "run", seeds=2, limit=5)
    rows = pq.read_table(tmp_path / "run" / "samples.parquet").to_pylist()
    assert [(row["run"], row["row"], row["sample"]) for row in rows] == [
        (run, row, sample) for run in range(2) for row in range(5) for sample in range(2)
    ]
    assert len({row["seed"] for row in rows}) == len(rows)
    assert all(row["prompt"].startswith("Write ") and row["seconds"] >= 0 for row in rows)
    mean = sum(row["score_same"] for row in rows) / len(rows)
    assert result["scores"]["same"]["value"] == pytest.approx(mean)
    answers = json.loads("[" + ",".join((here.folder("own_rows") / "test.jsonl").read_text().splitlines()) + "]")
    assert [row["expected"] for row in rows] == [answers[int(row["key"])]["answer"] for row in rows]
    assert not (tmp_path / "run" / "parts").exists()


def test_means_are_those_of_the_items_and_counts_are_told(count: Benchmark, here: DataPlaces, tmp_path: Path) -> None:
    result = run(count, here, tmp_path / "run", seeds=3)
    score = result["scores"]["within_one"]
    values = [each["value"] for each in score["runs"]]
    assert score["value"] == pytest.approx(sum(values) / 3)
    assert score["spread"] > 0
    assert [each["seed"] for each in score["runs"]] == [0, 1, 2]
    assert all(each["n"] == len(SMILES) and each["unparsable"] > 0 for each in score["runs"])
    assert score["interval"]["low"] <= score["value"] <= score["interval"]["high"]
    assert result["scores"]["rmse"]["interval"]["draws"] == 200
    assert "no mean" in result["scores"]["distinct"]["interval"]["reason"]
    assert {"versions", "machine"} <= result["environment"].keys()
    same = run(count, here, tmp_path / "same", function="fails_at_times", seeds=3)
    assert {name: score["spread"] for name, score in same["scores"].items()} == dict.fromkeys(same["scores"], 0.0)
    assert result["data"]["files"][0]["sha256"]
    assert result["data"]["notes"] == []


def test_a_sample_is_part_of_a_larger_one(count: Benchmark, here: DataPlaces, tmp_path: Path) -> None:
    keys = []
    for limit in (6, 12):
        result = run(count, here, tmp_path / str(limit), limit=limit)
        assert f"{limit} of {len(SMILES)} rows were asked" in result["data"]["notes"]
        keys.append(set(pq.read_table(tmp_path / str(limit) / "samples.parquet")["key"].to_pylist()))
    assert keys[0] < keys[1]
    run(count, here, tmp_path / "first", limit=3, first=True)
    assert pq.read_table(tmp_path / "first" / "samples.parquet")["key"].to_pylist() == ["0", "1", "2"]


def test_a_finished_run_is_kept_and_not_asked_again(count: Benchmark, here: DataPlaces, tmp_path: Path) -> None:
    first = run(count, here, tmp_path / "run")
    assert run(count, here, tmp_path / "run") == first
    again = run(count, here, tmp_path / "run", handling=Handling(judge_again=True))
    assert timeless(again) == timeless(first)
    assert again["times"] != first["times"]


def test_part_of_a_run_is_gone_on_with(count: Benchmark, here: DataPlaces, tmp_path: Path) -> None:
    whole = run(count, here, tmp_path / "whole")
    run(count, here, tmp_path / "cut", handling=Handling(batch=5))
    log = AnswerLog(tmp_path / "cut")
    kept = [entry for place, entry in log.entries.items() if place.row < 11]
    log.clear()
    log.add(kept)
    (tmp_path / "cut" / "result.json").unlink()
    assert timeless(run(count, here, tmp_path / "cut", handling=Handling(batch=3))) == timeless(whole)


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_result(definitions: Path, data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "biomatrix.cli.main", "evaluate", "own_count", "--file", str(definitions)]
    command += ["--from", str(data), "--model", "own_benchmark_parts:slow_guess", "--batch", "2", "--seeds", "2"]
    paths = os.pathsep.join([str(PARTS), *sys.path])
    environment = {**os.environ, "PYTHONPATH": paths}
    folder = tmp_path / "killed" / "own_benchmark_parts-slow_guess" / "own_count"
    process = subprocess.Popen([*command, "-q", "-o", str(tmp_path / "killed")], env=environment)
    deadline = time.monotonic() + 60
    while len(list(folder.glob("parts/*.parquet"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (folder / "result.json").exists()
    assert 3 <= len(list(folder.glob("parts/*.parquet"))) < len(SMILES)
    results = []
    for name, batch in (("killed", "50"), ("whole", "7")):
        subprocess.run([*command, "-q", "--batch", batch, "-o", str(tmp_path / name)], env=environment, check=True)
        text = (tmp_path / name / folder.parent.name / "own_count" / "result.json").read_text()
        results.append(json.dumps(timeless(json.loads(text)), indent=1))
    assert results[0] == results[1]


def test_other_data_model_or_settings_are_refused(count: Benchmark, data: Path, tmp_path: Path) -> None:
    here, folder = DataPlaces(data), tmp_path / "run"
    run(count, here, folder)
    with pytest.raises(ConfigurationError, match="settings differ in seeds"):
        run(count, here, folder, seeds=2)
    with pytest.raises(ConfigurationError, match="model differ in name"):
        run(count, here, folder, "fails_at_times")
    write_rows(data / "own_rows" / "train.jsonl", SMILES[:3])
    with pytest.raises(ConfigurationError, match="files differ"):
        run(count, here, folder)
    write_rows(data / "own_rows" / "test.jsonl", SMILES[:-1])
    with pytest.raises(ConfigurationError, match="data differ in examples_sha256"):
        run(count, here, folder)
    anew = run(count, here, folder, seeds=2, handling=Handling(resume=False))
    assert anew["data"]["rows"]["asked"] == len(SMILES) - 1
    assert "23 rows, where the published test split has 24" in anew["data"]["notes"]


def test_what_cannot_be_asked_is_counted_and_the_rest_goes_on(
    count: Benchmark, here: DataPlaces, tmp_path: Path
) -> None:
    result = run(count, here, tmp_path / "some", "fails_at_times")
    assert result["counts"]["not_asked"] == len(SMILES) // 3
    assert any("ValueError: not this one" in note for note in result["notes"])
    with pytest.raises(ConfigurationError, match="no question could be asked: ValueError: never"):
        run(count, here, tmp_path / "none", "always_fails")


def test_rows_that_cannot_be_read_are_told(count: Benchmark, data: Path, tmp_path: Path) -> None:
    with (data / "own_rows" / "test.jsonl").open("a") as file:
        file.write(json.dumps({"smiles": "C1CC", "answer": "3"}) + "\n")
    result = run(count, DataPlaces(data), tmp_path / "run")
    assert result["data"]["rows"] == {"asked": 24, "read": 24, "rejected": 1}
    assert "record 25" in result["data"]["rejects"][0]


@pytest.mark.parametrize("function", ["writes_megabytes", "hostile"])
def test_no_answer_ends_a_run(function: str, copy: Benchmark, here: DataPlaces, tmp_path: Path) -> None:
    result = run(copy, here, tmp_path / "run", function, limit=3)
    assert result["counts"]["with_fault"] == 6
    assert result["scores"]["same"]["value"] == 0
    assert timeless(run(copy, here, tmp_path / "run", function, limit=3)) == timeless(result)


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (Reply(None), "raw"),  # type: ignore[arg-type]
        (Reply("1", entity="CCO"), "entity"),  # type: ignore[arg-type]
        (Reply("1", error=None), "error"),  # type: ignore[arg-type]
        (Reply("1", checks=None), "checks"),  # type: ignore[arg-type]
        (Reply("1", seconds="slow"), "seconds"),  # type: ignore[arg-type]
        (Reply("1", logprob=10**400), "cannot be kept"),
        (Reply("1", checks={1: {2, 3}, "a": object()}), ""),
        (None, "NoneType"),
    ],
)
def test_replies_that_no_log_can_hold_become_errors(reply: Any, fault: str, tmp_path: Path) -> None:
    answer = FunctionAnswerer(lambda question: reply, "mine").answer([None])[0]  # type: ignore[list-item]
    assert fault in answer.error
    assert bool(fault) == bool(answer.error)
    log = AnswerLog(tmp_path / "log")
    log.add([Entry(Place(0, 0, 0), "key", 0, "prompt", answer)])
    assert log.entries[Place(0, 0, 0)].reply.error == answer.error


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("RepliesToNone", "gives 0 replies"),
        ("FailsToAnswer", "RuntimeError: boom"),
        ("FailsToLearn", "prepare fails: KeyError"),
        ("FailsToBegin", "FailsToBegin fails: OSError"),
        ("HasNoName", "its name is a int"),
    ],
)
def test_what_a_class_does_wrong_is_said_in_its_name(
    name: str, word: str, count: Benchmark, here: DataPlaces, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=word):
        run_benchmark(count, open_answerer(f"own_benchmark_parts:{name}"), here, Settings(), tmp_path / "run")


def test_a_class_learns_from_the_training_rows(count: Benchmark, here: DataPlaces, tmp_path: Path) -> None:
    from own_benchmark_parts import Remembers

    answerer = Remembers()
    result = run_benchmark(count, answerer, here, Settings(), tmp_path / "run", Handling(batch=10))
    assert result["scores"]["rmse"]["value"] == 0
    assert answerer.batches == [10, 10, 4]
    (here.folder("own_rows") / "train.jsonl").unlink()
    with pytest.raises(OSError, match="train"):
        run_benchmark(count, Remembers(), here, Settings(), tmp_path / "other")


def test_scores_without_leaked_rows_stand_beside(count: Benchmark, here: DataPlaces, tmp_path: Path) -> None:
    path = tmp_path / "leaked.json"
    path.write_text(json.dumps({"own_count": [str(number) for number in range(10)], "other": []}))
    result = run(count, here, tmp_path / "run", leaked=LeakedKeys.from_file(path))
    cleaned = result["without_leaked"]
    assert (cleaned["rows"], cleaned["removed"]) == (14, 10)
    rows = pq.read_table(tmp_path / "run" / "samples.parquet").to_pylist()
    kept = [row["score_within_one"] for row in rows if int(row["key"]) >= 10 and row["score_within_one"] is not None]
    counted = [each for each in kept if each == each]
    assert cleaned["scores"]["within_one"]["value"] == pytest.approx(sum(counted) / len(counted))
    lines = tmp_path / "leaked.txt"
    lines.write_text("".join(f"own_count\t{number}\n" for number in range(10)))
    assert LeakedKeys.from_file(lines).of("own_count") == LeakedKeys.from_file(path).of("own_count")
    assert LeakedKeys.from_file(lines).of("another") is None
    lines.write_text("no tab\n")
    with pytest.raises(ConfigurationError, match="a tab"):
        LeakedKeys.from_file(lines)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seeds": 0},
        {"seed": -1},
        {"limit": 0},
        {"notation": "inchi"},
        {"temperature": -1.0},
        {"top_p": 0.0},
        {"samples": 0},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        Settings(**wrong)


def test_a_prompt_that_is_not_there_is_refused(count: Benchmark) -> None:
    with pytest.raises(ConfigurationError, match="paraphrase is at most 1"):
        Settings(paraphrase=2).resolved(count)


def test_a_folder_that_another_run_writes_is_left_alone(count: Benchmark, here: DataPlaces, tmp_path: Path) -> None:
    begin = "import sys, time; from pathlib import Path; from biomatrix.entities.files.in_use import held_alone\n"
    code = f"{begin}with held_alone(Path(sys.argv[1]), 'another'): print('held', flush=True); time.sleep(60)"
    folder = tmp_path / "out" / "run[1]"
    with subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(ConfigurationError, match=rf"is writing here.*process {other.pid}"):
            run(count, here, folder)
        assert not folder.exists()
        other.kill()  # of what was killed nothing is waited for on the same machine
        other.wait()
        assert run(count, here, folder)["scores"]
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
