"""Definitions are data: read strictly, joined without overwriting, valid with what the package has."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from biomatrix.entities import modality_names
from biomatrix.entities.kind_registry import kinds
from biomatrix.errors import ConfigurationError
from biomatrix.tasks import Task, load_tasks, register_task, task, task_names, unregister_task, view_names
from biomatrix.tasks.definition_files import Definitions, read_definitions
from biomatrix.tasks.registry import definitions, draws, package_definitions
from biomatrix.tasks.validation import faults

BINDING = """
[tasks.predict_binding]
prompts = ["How strongly does {molecule} bind?", "Binding of {molecule}"]
answer = "{binding:.1f}"
parser = "number"
metric = "mean_absolute_error"
measured = ["binding"]

[views.molecule_bound]
kind = "molecule"
layout = "composed"
parts = { molecule_smiles = 1.0, binding = 1.0, name = 0.5 }

[fields]
binding = "pIC50"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "tasks.toml"
    path.write_text(text, encoding="utf-8")
    return path


def found_faults(checked: Definitions) -> list[str]:
    return list(faults(checked, definitions().joined(checked)))


def test_every_definition_of_the_package_is_valid() -> None:
    assert list(faults(definitions(), definitions())) == []
    assert {entry.output for entry in definitions().tasks.values()} <= {*modality_names(), None}


def test_every_kind_brings_its_views_in_order() -> None:
    own = [one.name for kind in kinds() for one in kind.views]
    assert list(view_names())[: len(own)] == own


def test_a_file_adds_tasks_views_and_labels_for_one_recipe_alone(tmp_path: Path) -> None:
    path = written(tmp_path, BINDING)
    before = task_names(), view_names()
    drawn = draws({"molecule_bound": 1.0, "text": 1.0}, {"predict_binding": 2.0}, [path])
    assert [(draw.name, draw.mean) for draw in drawn] == [
        ("molecule_bound", 1.0),
        ("text", 1.0),
        ("predict_binding", 2.0),
    ]
    assert drawn[0].definition.labels == {"binding": "pIC50", "name": "Name"}  # type: ignore[union-attr]
    assert drawn[2].definition.splits == ("held_out", "held_out_label")
    assert (task_names(), view_names()) == before
    assert found_faults(read_definitions(path)) == []
    assert pickle.loads(pickle.dumps(drawn)) == drawn  # noqa: S301 - its own bytes, as worker processes receive them


def test_loaded_tasks_stay_and_may_be_loaded_again_but_not_changed(tmp_path: Path) -> None:
    path = written(tmp_path, BINDING)
    try:
        (binding,) = load_tasks(path)
        assert task("predict_binding") == binding
        assert load_tasks(path) == (binding,)
        assert package_definitions().tasks.keys().isdisjoint({"predict_binding"})
        written(tmp_path, BINDING.replace("How strongly", "How well"))
        with pytest.raises(ConfigurationError, match=r"tasks\.toml.*'predict_binding' is defined already"):
            load_tasks(path)
    finally:
        unregister_task("predict_binding")
        unregister_task("molecule_bound")
    assert "predict_binding" not in task_names()


@pytest.mark.parametrize("name", ["fold_protein", "molecule_mixed", "text"])
def test_a_taken_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"'{name}' is defined already"):
        register_task(Task(name, ("Do it.",), "{name}"))


def test_parser_and_metric_change_no_document_and_wording_does(joined: Callable[[Task], Task]) -> None:
    one = joined(Task("guess", ("Guess {molecule}",), "{name}"))
    assert replace(one, parser="choice", choices=("a",), metric="accuracy").content == one.content
    assert replace(one, prompts=("Try {molecule}",)).content != one.content
    assert replace(one, version=2).content != one.content


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[tasks.x]\nanswer = 'a'", "tasks.x.prompts"),
        ("[tasks.x]\nprompts = []\nanswer = 'a'", "tasks.x.prompts"),
        ("[tasks.x]\nprompts = ['a']\nanswer = 'a'\nmetrics = 'mae'", "tasks.x.metrics"),
        ("[tasks.x]\nprompts = ['{a.b.c}']\nanswer = 'a'", "name in braces"),
        ("[tasks.x]\nprompts = ['{a']\nanswer = 'a'", "broken braces"),
        ("[tasks.x]\nprompts = ['a']\nanswer = 'a'\nversion = 0", "tasks.x.version"),
        ("[tasks.'../x']\nprompts = ['a']\nanswer = 'a'", "../x"),
        ("[views.x]\nkind = 'molecule'\nlayout = 'spiral'", "views.x.layout"),
        ("[views.x]\nkind = 'molecule'\nlayout = 'composed'\nparts = { name = 2.0 }", "views.x.parts.name"),
        ("[task.x]\nprompts = ['a']", "unknown section [task]; did you mean tasks?"),
        ("prompts = [", "not TOML"),
        ("x = " + "[" * 20000, "not TOML"),
    ],
)
def test_a_wrong_file_names_the_file_and_the_key(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_definitions(written(tmp_path, text))
    assert "tasks.toml" in str(refused.value)
    assert named in str(refused.value)


def test_what_is_no_text_too_large_or_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tasks.toml"
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_definitions(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="UTF-16"):
        read_definitions(path)
    path.write_bytes(b"#" * (5 << 20))
    with pytest.raises(ConfigurationError, match="more than"):
        read_definitions(path)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("How strongly does {molecule}", "How strongly does {molecul}", "{molecul} is no modality, kind or field"),
        ("Binding of {molecule}", "Binding of {molecule_smiles}", "differ in their placeholders"),
        ('parser = "number"', 'parser = "nubmer"', "no parser 'nubmer'"),
        ('parser = "number"', 'parser = "entity"', "needs an output"),
        ('parser = "number"', 'parser = "choice"', "needs choices"),
        ('parser = "number"', 'parser = "text"', "does not judge"),
        ('"mean_absolute_error"', '"charm"', "no metric 'charm'"),
        ('measured = ["binding"]', 'measured = ["weight"]', "'weight' is not in its answer"),
        ('parser = "number"', 'output = "molecule_smiels"', "'molecule_smiels' is no modality"),
        ('kind = "molecule"', 'kind = "golem"', "no kind 'golem'"),
        ("molecule_smiles = 1.0", "protein_sequence = 1.0", "'protein_sequence' is no modality of molecule"),
        ('"composed"', '"joint"', "at least two modalities"),
        ('"composed"', '"single"', "one modality, not 0"),
        ('"composed"', '"text"', "without an entity"),
    ],
)
def test_each_fault_is_found(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in BINDING
    lines = found_faults(read_definitions(written(tmp_path, BINDING.replace(old, new))))
    assert any(fault in line for line in lines), lines


def test_reading_tasks_loads_no_model() -> None:
    code = "import sys; from biomatrix.tasks import tasks; tasks(); print(sorted({'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
