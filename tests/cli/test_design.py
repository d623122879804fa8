"""Design on the command line: what is written, as text and as JSON, and how it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app

RUNNER = CliRunner()


def test_structures_and_transcripts_are_designed(tmp_path: Path) -> None:
    pytest.importorskip("RNA", reason="the extra fold is not installed")
    found = RUNNER.invoke(app, ["design", "structure", "((((....))))", "-n", "2", "--json"])
    assert found.exit_code == 0, found.output
    assert [each["matches"] for each in json.loads(found.stdout)] == [True, True]
    closest = RUNNER.invoke(app, ["design", "structure", "(...)" + "." * 9, "--seconds", "0.05"])
    assert closest.exit_code == 1
    assert "2 places pair otherwise" in closest.stderr
    sizes = ["--rounds", "2", "--per-round", "5", "--objective", "cai", "--objective", "u"]
    made = RUNNER.invoke(app, ["design", "mrna", "MASK", "-o", str(tmp_path / "out"), *sizes, "--json", "-q"])
    written = json.loads(made.stdout)
    assert written["fit"] == 4 * 6 * 2 * 3
    assert all(Path(file).exists() for file in written["files"])
