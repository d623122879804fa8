"""The command line: help with examples, exit codes, machine-readable results, quick start-up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app, main

COMMANDS = (
    "quickstart",
    "encode",
    "decode",
    "generate",
    "corpus",
    "train",
    "pretrain",
    "finetune",
    "serve",
    "models",
    "doctor",
    "tokenizer",
    "tasks",
    "evaluate",
)
RUNNER = CliRunner()


def run_main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command as the shell would; return its exit status."""
    monkeypatch.setattr(sys, "argv", ["biomatrix", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_the_commands_are_the_documented_ones() -> None:
    listed = RUNNER.invoke(app, ["--help"]).output
    assert [name for name in COMMANDS if f"  {name} " in listed] == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str) -> None:
    result = RUNNER.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert "Example: biomatrix" in result.output


def test_the_package_runs_as_a_module() -> None:
    asked = [sys.executable, "-m", "biomatrix", "--help"]
    listed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert [name for name in COMMANDS if f"  {name} " in listed] == list(COMMANDS)


@pytest.mark.parametrize("command", ["roundtrip", "parity"])
def test_help_of_examinations_has_examples(command: str) -> None:
    result = RUNNER.invoke(app, ["doctor", command, "--help"])
    assert result.exit_code == 0
    assert f"biomatrix doctor {command}" in result.output.split("Examples:")[1]


def test_parity_needs_the_weights_of_the_recordings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "molecules.parquet").touch()
    assert run_main(monkeypatch, "doctor", "parity", str(tmp_path / "molecules.parquet")) == 1
    assert "--tokenizer" in capsys.readouterr().err
    assert run_main(monkeypatch, "doctor", "parity", str(tmp_path)) == 1
    assert "not a folder of recordings" in capsys.readouterr().err


@pytest.mark.parametrize(
    "table",
    [
        "molstructok/edge_cases.parquet",
        pytest.param("molstructok/molecules.parquet", marks=pytest.mark.exhaustive),
        pytest.param("gcp_vqvae", marks=pytest.mark.slow),
    ],
)
def test_parity_with_the_recordings(shared: Path, table: str) -> None:
    result = RUNNER.invoke(app, ["doctor", "parity", str(shared / "parity" / table), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["reached"] is True


def test_starting_up_loads_nothing_heavy() -> None:
    code = (
        "import sys; import biomatrix.cli.main; "
        "print(sorted({'torch', 'transformers', 'rdkit', 'biotite'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_encode_then_decode(tmp_path: Path) -> None:
    source, tokens, back = tmp_path / "in.smi", tmp_path / "t.jsonl", tmp_path / "out.smi"
    source.write_text("CCO ethanol\n", encoding="utf-8")
    encoded = RUNNER.invoke(app, ["encode", str(source), "-m", "molecule_selfies", "-o", str(tokens), "--json"])
    assert encoded.exit_code == 0
    assert json.loads(encoded.stdout)["succeeded"] == 1
    assert RUNNER.invoke(app, ["decode", str(tokens), "-o", str(back)]).exit_code == 0
    assert back.read_text(encoding="utf-8").split()[0] == "CCO"


def test_standard_input_is_read(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["encode", "-", "--format", "smi", "-m", "molecule_smiles"], input="CCO x\n")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["text"] == "<|mol_smi_start|>CCO<|mol_smi_end|>"


def test_nothing_encoded_is_a_failure(tmp_path: Path) -> None:
    source = tmp_path / "in.smi"
    source.write_text("not_a_molecule\n", encoding="utf-8")
    assert RUNNER.invoke(app, ["encode", str(source)]).exit_code == 1


def test_known_errors_are_one_line_and_exit_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_main(monkeypatch, "encode", "in.smi", "-m", "no_such_modality") == 1
    error = capsys.readouterr().err
    assert error.startswith("biomatrix: ")
    assert "molecule_selfies" in error  # it says what there is
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["corpus", "pretrain", "finetune"])
def test_missing_recipes_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str
) -> None:
    more = ["--data", str(tmp_path), "--output", str(tmp_path / "out")] if command == "corpus" else []
    assert run_main(monkeypatch, command, str(tmp_path / "nowhere.toml"), *more) == 1
    assert "nowhere.toml" in capsys.readouterr().err
