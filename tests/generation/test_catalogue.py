"""The list of models and structure tokenizers: complete, and true to their configs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.entities.hub import CachedFolder
from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.tokenizer_folder import find_folder, load_weights, shipped_names
from biomatrix.generation import catalogue as listing
from biomatrix.generation.loading import shipped_models


@pytest.fixture
def cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A hub cache of one tokenizer and one folder that is neither."""
    shutil.copytree(find_folder("protein", "geometric-256"), tmp_path / "tokenizer")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text('{"architecture": 3}')
    found = [
        CachedFolder("someone/chains", "0" * 40, tmp_path / "tokenizer", 1234),
        CachedFolder("someone/words", "0" * 40, tmp_path / "other", 5),
    ]
    monkeypatch.setattr(listing, "cached_folders", lambda: found)
    return tmp_path


def test_everything_that_is_shipped_is_listed_as_it_is(cached: Path) -> None:
    entries = {(entry.role, entry.name): entry for entry in listing.catalogue()}
    for name in shipped_models():
        assert entries["model", name].size > 1_000_000
    for kind in kinds():
        for name in shipped_names(kind.name):
            entry, stored = entries["tokenizer", name], load_weights(kind.name, name)
            assert (entry.kind, entry.fingerprint) == (kind.name, stored.fingerprint)
            assert name == f"{entry.architecture}-{entry.codes}"
            assert entry.figures is not None
            assert entry.figures["stated_error"] == stored.config["stated_error"]["rmsd_angstrom"]
            assert ("default" in entry.used_by) == (name == kind.default_tokenizer)


def test_what_uses_a_tokenizer_is_found_by_fingerprint(cached: Path) -> None:
    entries = {entry.name: entry for entry in listing.catalogue()}
    assert "nano (protein_structure)" in entries["geometric-256"].used_by
    assert entries["anchored-4096"].used_by == ()
    assert entries["someone/chains"].used_by == ("nano (protein_structure)",)  # the same weights
    assert (entries["someone/chains"].place, entries["someone/chains"].size) == ("cached", 1234)
    assert "someone/words" not in entries


def test_the_command_prints_the_list_both_ways(cached: Path) -> None:
    told = json.loads(CliRunner().invoke(app, ["models", "--json"]).stdout)
    assert [entry["name"] for entry in told] == [entry.name for entry in listing.catalogue()]
    table = CliRunner().invoke(app, ["models"]).stdout
    for entry in told:
        assert entry["name"] in table
    assert "molecule_structure: conditioned-512" in table  # the model's uses, by their present names
