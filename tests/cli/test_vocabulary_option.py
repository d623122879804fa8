"""A vocabulary is named by its folder, or by the model that ships and has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.cli.vocabulary_option import vocabulary_folder
from biomatrix.corpus.shards import TokenShards
from biomatrix.errors import ConfigurationError
from biomatrix.generation import shipped_models
from biomatrix.vocabulary import Vocabulary

RECIPE = """
name = "alcohols"
[[sources]]
name = "alcohols"
reader = "csv"
files = ["alcohols.csv"]
kind = "molecule"
entity = "smiles"
licence = "CC0-1.0"
[views]
molecule_selfies = 1.0
[decontamination]
enabled = false
"""


def test_a_folder_wins_over_a_model_of_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (shipped,) = {vocabulary_folder(Path(name)) for name in shipped_models() if name == "nano"}
    assert (shipped / "tokenizer.json").is_file()
    Path("nano").mkdir()
    assert vocabulary_folder(Path("nano")) == Path("nano")
    assert vocabulary_folder(Path("nanobot")) == Path("nanobot")


def test_a_corpus_is_written_in_the_vocabulary_of_nano(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("recipe.toml").write_text(RECIPE)
    Path("alcohols.csv").write_text("smiles\n" + "\n".join("C" * n + "O" for n in range(1, 40)))
    asked = ["corpus", "build", "recipe.toml", "--data", ".", "-o", "built", "--vocabulary"]
    done = CliRunner().invoke(app, [*asked, "nano"])
    assert done.exit_code == 0, done.output
    nano = Vocabulary.from_pretrained(vocabulary_folder(Path("nano")))
    shards = TokenShards(Path(done.stdout.strip().splitlines()[-1]))
    assert nano.segments(shards.document(0)[0])[0].modality == "molecule_selfies"
    assert isinstance(CliRunner().invoke(app, [*asked, "nanobot"]).exception, ConfigurationError)
