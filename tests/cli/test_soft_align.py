"""A small table is aligned and looked among on the command line, and what is said of it is what it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.errors import WeightsError

RUNNER = CliRunner()
GROUPS = (("O", "an alcohol"), ("N", "an amine"), ("C(=O)O", "a carboxylic acid"), ("Cl", "a chloroalkane"))


def run(*words: object) -> str:
    result = RUNNER.invoke(app, ["soft", *map(str, words), "-q"])
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_small_table_is_aligned_and_looked_among(tmp_path: Path) -> None:
    rows = [f"{'C' * n}{end},{name} of {n} carbon atoms in a chain" for n in range(2, 12) for end, name in GROUPS]
    (tmp_path / "pairs.csv").write_text("\n".join(["smiles,caption", *rows]))
    columns = ("--entity-column", "smiles", "--text-column", "caption")
    made = ("--encoder", "fingerprints", "--epochs", 2, "--no-controls", "-o", tmp_path / "projector")
    told = run("align", tmp_path / "pairs.csv", *columns, *made)
    assert "4 keys are few: guessing finds 0.25" in told
    assert "The controls that are trained were left out." in told
    assert "among 4 texts" in run("retrieve", tmp_path / "projector", "--molecule", "CCCCCO")
    found = json.loads(run("retrieve", tmp_path / "projector", "--text", "an alcohol", "--json", "-n", 2))
    assert (found[0]["among"], len(found[0]["nearest"])) == (4, 2)
    assert all(one["found"].startswith("C") for one in found[0]["nearest"])


@pytest.mark.parametrize("asked", [("--molecule", "CCO"), ("--text", "an alcohol")])
def test_a_folder_without_an_alignment_is_refused_in_a_line(tmp_path: Path, asked: tuple[str, str]) -> None:
    with pytest.raises(WeightsError, match=r"no alignment here.*biomatrix soft align"):
        run("retrieve", tmp_path, *asked)
