"""``biomatrix soft tune`` and ``soft ask``: a run from its recipe to an answer, and what both refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app

pytest.importorskip("peft")
RECIPE = """
[model]
checkpoint = "{folder}/decoder"
[task]
name = "mol_prop_esol"
source = "moleculenet_esol"
folder = "{folder}/data"
split = "scaffold"
[soft]
encoder = "{encoder}"
vectors = "{folder}/vectors"
[batches]
tokens = 256
max_length = 64
[run]
output = "{folder}/run"
max_steps = 1
precision = "fp32"
"""


def recipe(folder: Path, encoder: str = "morgan,bits=64") -> str:
    path = folder / "recipe.toml"
    path.write_text(RECIPE.format(folder=folder, encoder=encoder))
    return str(path)


@pytest.mark.slow
def test_tune_and_ask(tmp_path: Path) -> None:
    from ..soft.tuning.small_runs import decoder, table

    decoder(tmp_path / "decoder")
    table(tmp_path / "data")
    done = CliRunner().invoke(app, ["soft", "tune", recipe(tmp_path), "--json", "--quiet"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["finished"]
    assert told["split"] == "by scaffold"
    words = ["soft", "ask", str(tmp_path / "run"), "Estimate logS of", "--molecule", "CCO", "--max-new-tokens", "4"]
    asked = CliRunner().invoke(app, [*words, "--json", "--quiet"])
    assert asked.exit_code == 0, asked.output
    assert len(json.loads(asked.stdout)) == 1


def test_what_is_refused(tmp_path: Path) -> None:
    def refusal(*words: str) -> str:
        return str(CliRunner().invoke(app, ["soft", *words]).exception)

    assert "no entity is given" in refusal("ask", str(tmp_path), "What is it?")
    assert "no model here" in refusal("ask", str(tmp_path), "What is", "--molecule", "CCO")
    assert "give projector" in refusal("tune", recipe(tmp_path, encoder=""))
    assert "no such" in refusal("tune", recipe(tmp_path))
