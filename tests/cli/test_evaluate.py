"""``biomatrix evaluate``: runs of several models, one report, and what is refused before anything is opened."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from biomatrix.cli.main import app
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.tasks.benchmarks.registry import load_benchmarks, unregister_benchmark

PARTS = Path(__file__).parents[1] / "evaluation"
RUNNER = CliRunner()
Evaluate = Callable[..., Result]


@pytest.fixture
def evaluate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Evaluate]:
    """Run the command on benchmarks and functions that stand outside the package."""
    monkeypatch.syspath_prepend(str(PARTS))
    monkeypatch.chdir(tmp_path)
    from own_benchmark_parts import DEFINITIONS

    (tmp_path / "own.toml").write_text(DEFINITIONS)
    smiles = ["CCO", "CCN", "CC(=O)O", "C1CC1", "CCCC", "C"]
    for source in ("own_rows", "own_stand_in"):
        (tmp_path / "data" / source).mkdir(parents=True)
        for split in ("test", "train"):
            lines = [json.dumps({"smiles": one, "answer": str(len(one))}) for one in smiles]
            (tmp_path / "data" / source / f"{split}.jsonl").write_text("\n".join(lines) + "\n")

    def run(*arguments: str) -> Result:
        return RUNNER.invoke(app, ["evaluate", *arguments])

    yield run
    for name in ("own_count", "own_copy"):
        unregister_benchmark(name)


GIVEN = ("--file", "own.toml", "--from", "data", "-q")
TWO = ("--model", "own_benchmark_parts:guess", "--model", "own_benchmark_parts:fails_at_times")


def test_two_models_become_one_report(evaluate: Evaluate, tmp_path: Path) -> None:
    result = evaluate("own_count", "own_copy", *GIVEN, *TWO, "--seeds", "2", "-o", "out")
    assert result.exit_code == 0, result.output
    assert "own_count  within_one" in result.stdout
    folders = sorted(path.parent.relative_to(tmp_path / "out").as_posix() for path in tmp_path.rglob("result.json"))
    assert folders == [
        f"own_benchmark_parts-{model}/{task}"
        for model in ("fails_at_times", "guess")
        for task in ("own_copy", "own_count")
    ]
    assert "own_benchmark_parts:guess" in (tmp_path / "out" / "report.md").read_text()
    joined = evaluate("report", "out", "-o", "joined.html", "--title", "Two models")
    assert joined.exit_code == 0, joined.output
    assert "<h1>Two models</h1>" in (tmp_path / "joined.html").read_text()


def test_results_for_machines(evaluate: Evaluate) -> None:
    result = evaluate("own_count", *GIVEN, *TWO[:2], "--limit", "4", "--source", "own_stand_in", "--json")
    assert result.exit_code == 0, result.output
    (one,) = json.loads(result.stdout)["results"]
    assert one["data"] == {"source": "own_stand_in", "official": False}
    assert one["rows"] == {"asked": 4, "read": 6, "rejected": 0}
    assert set(one["scores"]) == {"rmse", "within_one", "distinct"}
    (path,) = Path("evaluation").rglob("result.json")
    scores = json.loads(path.read_text())["scores"]
    assert {(each["comparable"], each["not_comparable_for"]) for each in scores.values()} == {
        (False, "not the official data but own_stand_in")
    }


def test_a_task_that_cannot_be_run_does_not_end_the_others(evaluate: Evaluate, tmp_path: Path) -> None:
    result = evaluate("own_copy", *GIVEN, "--model", "own_benchmark_parts:always_fails", "--json")
    assert result.exit_code == 1
    assert "never" in json.loads(result.stdout)["not_run"][0]["reason"]
    result = evaluate("own_copy", "own_count", *GIVEN, *TWO[:2], "--source", "own_rows=data/own_stand_in")
    assert result.exit_code == 0
    (tmp_path / "data" / "own_rows" / "test.jsonl").write_text("")
    result = evaluate("own_count", *GIVEN, *TWO[:2], "-o", "other")
    assert result.exit_code == 1
    assert "no row" in result.stderr


def test_missing_data_are_told_with_what_to_do_before_a_model_is_opened(
    evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*arguments: object) -> None:
        raise AssertionError("a model was opened for nothing")

    monkeypatch.setattr("biomatrix.evaluation.opening.open_answerer", opened)
    monkeypatch.setenv("BIOMATRIX_DATA", str(tmp_path / "cache"))
    result = evaluate("mol_prop_esol", "--model", "nano")
    assert result.exit_code == 1
    assert "to download: biomatrix data get smolinstruct" in result.stderr
    assert "for --stand-ins: moleculenet_esol" in result.stderr
    table = tmp_path / "cache" / "moleculenet_esol" / "moleculenet" / "esol.csv"
    table.parent.mkdir(parents=True)
    rows = "".join(f"{'C' * size}O,{-size}\n" for size in range(1, 60))
    table.write_text(f"smiles,logSolubility\n{rows}")
    result = evaluate("mol_prop_esol", "--model", "nano")
    assert "are here, moleculenet_esol: --stand-ins takes them" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("own_cuont", "--model", "nano"), "did you mean own_count"),
        (("own_count", "--model", "nano", "--source", "own_rws"), "own_rows"),
        (("own_count", "--model", "nano", "--seeds", "0"), "--seeds"),
        (("own_count", "--model", "nano", "--paraphrase", "7"), "--paraphrase"),
        (("own_count", "--model", "nano", "--paraphrase", "some"), "--paraphrase"),
        (("own_count", "--model", "nano", "--notation", "inchi"), "--notation"),
        (("own_count", "--model", "nano", "--batch", "0"), "--batch"),
        (("own_count", "--model", "nano", "--model", "nano"), "twice"),
        (("own_count", "--model", "nona"), "no model 'nona'"),
        (("own_count", "--model", "nano", "--leaked", "nothing.json"), "nothing.json"),
        (("report", "nowhere"), "result.json"),
    ],
)
def test_what_makes_no_sense_is_refused(evaluate: Evaluate, arguments: tuple[str, ...], words: str) -> None:
    given = ("--file", "own.toml") if arguments[0] == "report" else GIVEN
    result = evaluate(*arguments, *given)
    assert isinstance(result.exception, Exception)
    assert words in str(result.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ("evaluate", "own_cuont", "--model", "baseline:majority", "--from", "data"),
        ("audit", "nothing.smi", "--tasks", "own_cuont"),
        ("tasks", "show", "own_cuont"),
        ("tasks", "validate", "nothing.toml"),
        ("tasks", "list", "--domain", "mineral"),
        ("tasks", "export", "own_cuont", "-o", "out"),
        ("data", "get", "own_cuont"),
        ("metrics", "wordnet", "--from", "nothing"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
@pytest.mark.usefixtures("evaluate")
def test_a_refusal_is_told_in_json_too(arguments: tuple[str, ...]) -> None:
    result = RUNNER.invoke(app, [*arguments, "--json"])
    assert isinstance(result.exception, BioMatrixError)
    told = json.loads(result.stdout)["error"]
    assert told["message"] == result.exception.message
    assert set(told) == {"kind", "message", "file", "record", "position"}
    assert RUNNER.invoke(app, arguments).stdout == ""


def test_the_model_must_be_named(evaluate: Evaluate) -> None:
    assert evaluate("own_count", *GIVEN).exit_code == 2


def test_help_has_an_example() -> None:
    result = RUNNER.invoke(app, ["evaluate", "run", "--help"])
    assert result.exit_code == 0
    assert "Example: biomatrix evaluate run" in result.output


def test_a_function_beside_the_command_is_found(evaluate: Evaluate, tmp_path: Path) -> None:
    """An installed command has its own folder on the path, not the one it runs in."""
    (tmp_path / "function_of_mine.py").write_text("def answer(question):\n    return '3'\n")
    code = "import sys; from biomatrix.cli.main import main; sys.argv[0] = 'biomatrix'; main()"
    words = ["evaluate", "run", "mol_prop_esol", "--from", "esol", "--stand-ins", "-q", "--limit", "3", "--model"]
    (tmp_path / "esol" / "moleculenet").mkdir(parents=True)
    rows = "".join(f"{'C' * size}O,{-size}\n" for size in range(1, 60))
    (tmp_path / "esol" / "moleculenet" / "esol.csv").write_text(f"smiles,logSolubility\n{rows}")
    said = {}
    for name in ("function_of_mine", "function_of_nobody"):
        run = [sys.executable, "-P", "-c", code, *words, f"{name}:answer"]
        said[name] = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, check=False).stderr
    assert said["function_of_mine"].startswith("wrote ")
    assert "'function_of_nobody:answer' names nothing that can be imported" in said["function_of_nobody"]


def test_what_a_model_prints_is_no_part_of_the_results(evaluate: Evaluate) -> None:
    result = evaluate("own_count", *GIVEN, "--model", "own_benchmark_parts:prints", "--json", "-o", "out")
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["results"]) == 1


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--seed", "-1"), "--seed is at least 0"),
        (("--paraphrase", "9" * 5000), "paraphrase"),
        (("-o", "own.toml"), "own.toml"),
        (("-o", "own.toml/out"), "own.toml"),
        (("--engine", "warp"), "--engine 'warp': no such engine; known: transformers, vllm"),
        (("--enforced-by", "law"), "--enforced-by is one of checks, grammar, processor"),
        (("--device", "toaster"), "'toaster' is no device"),
        (("--dtype", "int3"), "'int3' is not a torch dtype"),
    ],
)
def test_nonsense_is_refused_in_one_line(evaluate: Evaluate, options: tuple[str, ...], word: str) -> None:
    result = evaluate("own_count", *GIVEN, "--model", "own_benchmark_parts:guess", "-o", "out", *options)
    assert result.exit_code == 1
    assert isinstance(result.exception, ConfigurationError)
    assert word in str(result.exception)
    assert len(str(result.exception)) < 400


def test_what_an_audit_finds_is_left_out_of_an_evaluation(evaluate: Evaluate, tmp_path: Path) -> None:
    (tmp_path / "seen.smi").write_text("OCC\nC1CC1\nc1ccccc1\n")
    load_benchmarks(tmp_path / "own.toml")
    arguments = ["audit", "seen.smi", "--tasks", "own_count", "--from", "data", "-q", "-o", "audit"]
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "2 of 6 rows leaked" in result.stdout
    assert json.loads((tmp_path / "audit" / "leaked_keys.json").read_text()) == {"own_count": ["0", "3"]}
    result = evaluate("own_count", *GIVEN, *TWO[:2], "--leaked", "audit/leaked_keys.json", "-o", "out")
    assert result.exit_code == 0, result.output
    (path,) = (tmp_path / "out").rglob("result.json")
    cleaned = json.loads(path.read_text())["without_leaked"]
    assert (cleaned["rows"], cleaned["removed"]) == (4, 2)
    assert cleaned["scores"]["rmse"]["runs"][0]["n"] == 4
    assert "2 rows stand in training data too; 4 do not" in (tmp_path / "out" / "report.md").read_text()
