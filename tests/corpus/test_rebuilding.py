"""What a change of recipe redraws: the views that changed, nothing else, and never the wrong documents."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from biomatrix.corpus import CorpusRecipe, TokenShards, build_corpus, held_out_folders, training_shards
from biomatrix.corpus.shards import MANIFEST
from biomatrix.tasks import Task, register_task, unregister_task
from biomatrix.tasks import drawing as task_drawing
from biomatrix.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def work(data: Path, recipe: CorpusRecipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished build."""
    folder = tmp_path_factory.mktemp("work")
    build_corpus(recipe, data, folder)
    return folder


@pytest.fixture
def copy(work: Path, tmp_path: Path) -> Path:
    """A finished build that may be changed."""
    return Path(shutil.copytree(work, tmp_path / "copy"))


@pytest.fixture
def drawn_views(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The views and tasks that training documents are drawn of, as it happens."""
    seen: list[str] = []
    whole = task_drawing.documents

    def watched(record: Any, draws: Any, **settings: Any) -> Iterator[Any]:
        seen.extend(draw.name for draw in draws)
        return whole(record, draws, **settings)

    monkeypatch.setattr(training_shards, "documents", watched)
    return seen


@pytest.fixture
def greeting() -> Iterator[Task]:
    """A task that joins for the length of a test."""
    yield register_task(Task("greet_molecule", ("Greet {molecule}",), "Hello, {name}."))
    unregister_task("greet_molecule")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.bin")}


def rebuilt(recipe: CorpusRecipe, data: Path, work: Path, shards: str = "shards") -> Path:
    return build_corpus(recipe, data, work, vocabulary=work / "vocabulary", shards=work / shards)


def changed(recipe: CorpusRecipe, **values: Any) -> CorpusRecipe:
    return CorpusRecipe.model_validate({**recipe.model_dump(), **values})


ADDED: list[Callable[[CorpusRecipe], CorpusRecipe]] = [
    lambda old: changed(old, views={"protein_mixed": 1.0, "molecule_smiles": 2.0, **old.views}),
    lambda old: changed(old, tasks={"name_molecule": 2.0, **old.tasks}),
    lambda old: changed(old, views={"molecule_smiles": 1.0, **dict(reversed(old.views.items()))}),
]


def test_a_registered_task_rebuilds_nothing(
    data: Path, recipe: CorpusRecipe, copy: Path, greeting: Task, drawn_views: list[str]
) -> None:
    before, bytes_before = times(copy), contents(copy / "shards")
    rebuilt(recipe, data, copy)
    assert times(copy) == before
    assert contents(copy / "shards") == bytes_before
    assert not drawn_views


@pytest.mark.parametrize("added", ADDED)
def test_what_joins_a_recipe_is_drawn_alone_and_the_result_is_that_of_drawing_everything(
    data: Path,
    recipe: CorpusRecipe,
    copy: Path,
    drawn_views: list[str],
    added: Callable[[CorpusRecipe], CorpusRecipe],
) -> None:
    more = added(recipe)
    held_out = {name: contents(folder) for name, folder in held_out_folders(copy / "shards").items()}
    tokens = times(copy / "tokens")
    rebuilt(more, data, copy)
    assert set(drawn_views) == {*more.views, *more.tasks} - {*recipe.views, *recipe.tasks}
    rebuilt(more, data, copy, "fresh")
    assert contents(copy / "shards") == contents(copy / "fresh")
    TokenShards(copy / "shards").verify()
    assert times(copy / "tokens") == tokens
    for name, before in held_out.items():
        after = contents(held_out_folders(copy / "shards")[name])
        assert {path: after[path] for path in after if path != MANIFEST} == {
            path: before[path] for path in before if path != MANIFEST
        }


def test_refusals_of_what_is_taken_over_stay_listed(data: Path, recipe: CorpusRecipe, tmp_path: Path) -> None:
    short = recipe.model_copy(update={"max_tokens": 48})
    shards = build_corpus(short, data, tmp_path / "work").parent
    lists = sorted(shards.glob("train/**/rejects.jsonl"))
    assert any(json.loads(line)["view"] for path in lists for line in path.read_text(encoding="utf-8").splitlines())
    more = changed(short, tasks={"name_molecule": 2.0, **short.tasks})
    rebuilt(more, data, tmp_path / "work")
    rebuilt(more, data, tmp_path / "work", "fresh")
    assert contents(shards) == contents(tmp_path / "work" / "fresh")


def test_a_changed_mean_redraws_its_own_view(
    data: Path, recipe: CorpusRecipe, copy: Path, drawn_views: list[str]
) -> None:
    rebuilt(changed(recipe, views={**recipe.views, "text": 3.0}), data, copy)
    assert set(drawn_views) == {"text"}


def test_every_document_is_what_its_name_says_after_a_view_joins(
    data: Path, recipe: CorpusRecipe, copy: Path, greeting: Task
) -> None:
    rebuilt(changed(recipe, views={"protein_mixed": 2.0, **recipe.views}, tasks={"greet_molecule": 1.0}), data, copy)
    shards = TokenShards(copy / "shards")
    vocabulary = Vocabulary.from_pretrained(copy / "vocabulary")
    opens = {"molecule_selfies": "<|mol_selfies_start|>", "protein_sequence": "<|prot_aa_start|>"}
    seen = set()
    for index, view in enumerate(shards.views):
        name = shards.view_names[view]
        text = vocabulary.text(shards.document(index)[0])
        seen.add(name)
        if name in opens:
            assert text.startswith(vocabulary.block(name).modality.start_token)
        assert ("Hello, " in text) == (name == "greet_molecule")
        assert ("<|im_start|>" in text) == (name == "greet_molecule")
    assert {"greet_molecule", "molecule_selfies", "protein_sequence", "text"} <= seen
    assert "molecule_from_name" not in shards.view_names


def test_a_new_version_of_a_task_is_drawn_anew(
    data: Path, recipe: CorpusRecipe, copy: Path, drawn_views: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    wording = '[tasks.greet_molecule]\nprompts = ["Greet {molecule}"]\nanswer = "Hello, {name}."\n'
    mine = changed(recipe, tasks={"greet_molecule": 1.0}, task_files=[str(path)])
    path.write_text(wording)
    rebuilt(mine, data, copy)
    drawn_views.clear()
    rebuilt(mine, data, copy)
    assert not drawn_views
    path.write_text(wording.replace("Hello", "Good day"))
    rebuilt(mine, data, copy)
    assert set(drawn_views) == {"greet_molecule"}
    rebuilt(mine, data, copy, "fresh")
    assert contents(copy / "shards" / "train") == contents(copy / "fresh" / "train")


def test_a_damaged_shard_is_not_taken_over(
    data: Path, recipe: CorpusRecipe, copy: Path, drawn_views: list[str]
) -> None:
    (path,) = (copy / "shards" / "train").glob("openstax-00000/tokens.bin")
    raw = bytearray(path.read_bytes())
    raw[0] ^= 1
    path.write_bytes(raw)
    more = changed(recipe, tasks={"name_molecule": 2.0, **recipe.tasks})
    rebuilt(more, data, copy)
    assert "text" in drawn_views
    rebuilt(more, data, copy, "fresh")
    assert contents(copy / "shards") == contents(copy / "fresh")


def test_a_view_that_leaves_a_recipe_is_read_no_more(data: Path, recipe: CorpusRecipe, copy: Path) -> None:
    assert "predict_weight" in held_out_folders(copy / "shards")
    rebuilt(changed(recipe, tasks={}), data, copy)
    assert set(held_out_folders(copy / "shards")) == set(recipe.views)
    assert json.loads((copy / "shards/train" / MANIFEST).read_text())["task_versions"] == {}


def test_few_held_out_documents_are_the_first_of_many(
    data: Path, recipe: CorpusRecipe, copy: Path, tmp_path: Path
) -> None:
    rebuilt(changed(recipe, held_out_documents=2), data, copy, "few")
    rebuilt(changed(recipe, held_out_documents=0), data, copy, "none")
    for name, folder in held_out_folders(copy / "shards").items():
        many, few = TokenShards(folder), TokenShards(copy / "few" / f"heldout_{name}")
        assert len(few) == min(2, len(many))
        for index in range(len(few)):
            assert (few.document(index)[0] == many.document(index)[0]).all()
        assert len(TokenShards(copy / "none" / f"heldout_{name}")) == 0
