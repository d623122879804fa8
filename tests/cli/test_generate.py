"""The generate command with the shipped model: answers, files, streams, and what is refused before it is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.entities import Protein
from biomatrix.errors import BioMatrixError
from biomatrix.generation import shipped_models

RUNNER = CliRunner()
SHIPPED = pytest.mark.skipif("nano" not in shipped_models(), reason="no model is shipped")


@SHIPPED
def test_a_fold_is_written_with_its_sequence(tmp_path: Path) -> None:
    target = tmp_path / "fold.pdb"
    asked = ["generate", "Fold", "--protein", "MKVLAAGWKR", "--answer", "protein_structure", "--length", "10"]
    result = RUNNER.invoke(app, [*asked, "-o", str(target), "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    (answer,) = json.loads(result.stdout)
    assert answer["entity"]["written"] == "MKVLAAGWKR"
    assert Protein.from_file(target).sequence == "MKVLAAGWKR"


@SHIPPED
def test_a_stream_prints_what_is_printed_at_the_end(tmp_path: Path) -> None:
    asked = ["generate", "Write a protein.", "--entity", "molecule=CCO", "--answer", "protein_sequence"]
    asked += ["--length", "12", "--seed", "5"]
    whole = RUNNER.invoke(app, asked, catch_exceptions=False).stdout.strip()
    streamed = RUNNER.invoke(app, [*asked, "--stream"], catch_exceptions=False).stdout.strip()
    assert whole == f"<|prot_aa_start|>{streamed}<|prot_aa_end|>"
    assert streamed.count("<A ") == 12


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--answer", "protein_structure", "-o", "x.sdf"], "records of kind molecule"),
        (["--answer", "dna", "-o", "x.pdb"], "no modality named 'dna'"),
        (["-o", "x.docx"], "not one read here"),
        (["--stream", "--json"], "leave out --json"),
        (["--stream", "-n", "2"], "leave out --json and --num-samples"),
        (["--as", "protein_sequence"], "but no entity"),
    ],
)
def test_what_cannot_be_is_refused_before_the_model_is_asked(arguments: list[str], said: str) -> None:
    with pytest.raises(BioMatrixError, match=said):
        RUNNER.invoke(app, ["generate", "Go.", "--model", "no-such-model", *arguments], catch_exceptions=False)
