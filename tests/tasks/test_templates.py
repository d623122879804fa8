"""The wording of tasks is complete and the chat format learns answers only."""

from __future__ import annotations

import pytest
from biomatrix.corpus.composition import LABELS

from biomatrix.entities import Molecule, modality_names
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.documents import Control, Part, chat_parts
from biomatrix.tasks.templates import ANY_MOLECULE, TASKS, Task, fill, placeholders, task_prompt
from biomatrix.vocabulary.tables import Tokens

KNOWN = {*modality_names(), *LABELS, ANY_MOLECULE, "question", "answer"}


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_every_placeholder_is_something_a_record_can_have(task: Task) -> None:
    assert task.needs <= KNOWN
    assert all(len(prompt) < 60 for prompt in task.prompts)
    assert len(set(task.prompts)) == len(task.prompts)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_an_answer_in_a_modality_is_that_modality(task: Task) -> None:
    if task.output is not None:
        assert task.answer == f"{{{task.output}}}"


def test_paraphrases_ask_for_the_same_things() -> None:
    for task in TASKS.values():
        assert len({frozenset(placeholders(prompt)) for prompt in task.prompts}) == 1


def test_a_prompt_keeps_entities_in_place() -> None:
    molecule = Molecule.from_smiles("CCO")
    assert task_prompt("name_molecule", {"molecule": molecule}) == ["Name ", molecule]


def test_numbers_are_written_with_set_precision() -> None:
    assert fill("{log_solubility:.2f}", {"log_solubility": "-3.3"}) == ["-3.30"]


def test_a_missing_value_and_an_unknown_task_are_named() -> None:
    with pytest.raises(ConfigurationError, match="description"):
        task_prompt("molecule_from_description")
    with pytest.raises(ConfigurationError, match="no task 'brew'"):
        task_prompt("brew")


def test_only_the_answer_and_the_end_of_its_turn_are_learned() -> None:
    answer = Tokens("molecule_selfies", ["[C]"])
    parts = chat_parts(["Make methane."], [answer])
    assert [part for part in parts if part.learn] == [Part(answer), Part(Control("<|im_end|>"))]
