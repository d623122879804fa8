"""``--soft FOLDER``: entities of its kind become vectors, and what does not belong together is one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import biomatrix as bm
from biomatrix.cli.main import app
from biomatrix.generation import load

from ..soft.nano_projectors import MORGAN, make_projector, write_projectors


def test_generate_shows_entities_as_vectors(tmp_path: Path) -> None:
    folder = write_projectors(load("nano"), tmp_path / "projectors")
    words = ["generate", "What is", "--molecule", "CCO", "--soft", str(folder), "--max-new-tokens", "8", "--json"]
    found = CliRunner().invoke(app, [*words, "--quiet"])
    assert found.exit_code == 0, found.output
    model = load("nano", soft=folder)
    (wanted,) = model.generate(["What is ", bm.Soft(bm.Molecule.from_smiles("CCO"))], max_new_tokens=8)
    assert json.loads(found.stdout)[0]["text"] == wanted.text


@pytest.mark.parametrize("words", [["--as", "molecule_selfies"], ["--engine", "nowhere"]], ids=["as", "engine"])
def test_what_does_not_fit_is_one_line(tmp_path: Path, words: list[str]) -> None:
    nano = load("nano")
    make_projector(nano, MORGAN, decoder_hash="0" * 64).save_pretrained(tmp_path)
    asked = ["generate", "What is", "--molecule", "CCO", "--soft", str(tmp_path)]
    for more in (words, []):
        found = CliRunner().invoke(app, [*asked, *more])
        assert found.exit_code
        assert found.exception is not None
        assert "\n" not in str(found.exception).strip() or isinstance(found.exception, SystemExit)
