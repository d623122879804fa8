"""A rebuild after any change of the recipe equals a build from nothing, and two builds that differ never mix."""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from biomatrix.corpus import CorpusRecipe, TokenShards, build_corpus
from biomatrix.entities.files.in_use import in_use
from biomatrix.errors import ConfigurationError

Change = Callable[[CorpusRecipe], dict[str, Any]]


@pytest.fixture(scope="module")
def small(recipe: CorpusRecipe) -> CorpusRecipe:
    """A recipe of two sources, quick to build."""
    return changed(recipe, sources=recipe.sources[1:], tasks={}, views={"protein_sequence": 1.0, "text": 1.0})


@pytest.fixture(scope="module")
def built(data: Path, small: CorpusRecipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build_corpus(small, data, folder)
    return folder


def changed(recipe: CorpusRecipe, **values: Any) -> CorpusRecipe:
    return CorpusRecipe.model_validate({**recipe.model_dump(), **values})


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


CHANGES: dict[str, Change] = {
    "a view added before the others": lambda old: {"views": {"protein_mixed": 1.0, **old.views}},
    "a view added after the others": lambda old: {"views": {**old.views, "protein_mixed": 1.0}},
    "a view removed": lambda old: {"views": {"text": 1.0}},
    "views in another order": lambda old: {"views": dict(reversed(old.views.items()))},
    "a view in place of another": lambda old: {"views": {"protein_mixed": 1.0, "text": 1.0}},
    "another weight": lambda old: {"views": {**old.views, "protein_sequence": 2.0}},
    "another repeat": lambda old: {"sources": [{"name": "cath_s20", "repeat": 1.0}, {"name": "openstax"}]},
    "sources in another order": lambda old: {"sources": [entry.model_dump() for entry in reversed(old.sources)]},
    "a source removed": lambda old: {"sources": [{"name": "openstax"}], "views": {"text": 1.0}},
    "another vocabulary": lambda old: {"vocabulary": {"text_entries": 350}},
    "another seed": lambda old: {"seed": 7},
    "another length": lambda old: {"max_tokens": 64},
    "other slices": lambda old: {"slice_rows": 7},
    "fewer held out": lambda old: {"held_out_documents": 1},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_rebuild_equals_a_build_from_nothing(
    data: Path, small: CorpusRecipe, built: Path, tmp_path: Path, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    work = Path(shutil.copytree(built, tmp_path / "work"))
    other = changed(small, **CHANGES[change](small))
    with caplog.at_level(logging.INFO, "biomatrix"):
        build_corpus(other, data, work)
    build_corpus(other, data, tmp_path / "fresh")
    for part in ("vocabulary", "shards"):
        kept = {
            name: data
            for name, data in contents(work / part).items()
            # Shards of an earlier recipe stay until they are old enough to be nobody's; no manifest lists them.
            if name in contents(tmp_path / "fresh" / part) or name.endswith("manifest.json")
        }
        assert kept == contents(tmp_path / "fresh" / part)
    TokenShards(work / "shards").verify()
    if change != "views in another order":  # a manifest does not keep the order of a recipe's keys
        told = next(line for line in caplog.messages if "the recipe has changed" in line)
        assert next(iter(CHANGES[change](small))) in told


def test_an_unchanged_recipe_is_not_said_to_have_changed(
    data: Path, small: CorpusRecipe, built: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "biomatrix"):
        build_corpus(small, data, built)
    assert "has changed" not in caplog.text


def test_a_build_of_another_recipe_is_refused_while_one_runs(
    data: Path, small: CorpusRecipe, built: Path, tmp_path: Path
) -> None:
    work = Path(shutil.copytree(built, tmp_path / "work"))
    before = contents(work / "shards")
    other = changed(small, seed=5)
    with in_use(work / "shards", "another mark", "another build"):
        _as_another_process(work)
        with pytest.raises(ConfigurationError, match="another build") as refused:
            build_corpus(other, data, work, vocabulary=work / "vocabulary")
    assert str(os.getppid()) in str(refused.value)
    assert contents(work / "shards") == before
    build_corpus(other, data, work, vocabulary=work / "vocabulary")


def _as_another_process(work: Path) -> None:
    """Let the note of a build come from a process that lives and is not this one."""
    (note,) = work.glob(".shards.*.in_use")
    note.write_text(json.dumps({**json.loads(note.read_text()), "pid": os.getppid()}))


@pytest.mark.parametrize("mark", ["other", "mine"])
def test_a_build_that_was_killed_holds_nothing(tmp_path: Path, mark: str) -> None:
    stale = tmp_path / ".shards.elsewhere-1-00000000.in_use"
    stale.write_text(json.dumps({"host": "elsewhere", "pid": 1, "mark": mark}))
    refusal = pytest.raises(ConfigurationError, match="elsewhere") if mark == "other" else nullcontext()
    with refusal, in_use(tmp_path / "shards", "mine", "another"):
        assert stale.exists()
    os.utime(stale, (time.time() - 10_000,) * 2)
    with in_use(tmp_path / "shards", "mine", "another"):
        assert not stale.exists()
    assert not list(tmp_path.iterdir())


def test_slices_of_other_recipes_that_stay_are_told(
    data: Path, small: CorpusRecipe, built: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    work = Path(shutil.copytree(built, tmp_path / "work"))
    with caplog.at_level(logging.INFO, "biomatrix"):
        build_corpus(changed(small, slice_rows=5), data, work)
    assert "which this build does not read" in caplog.text
