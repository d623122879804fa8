"""The wording of tasks keeps entities in place, and the chat format learns answers only."""

from __future__ import annotations

import pytest

from biomatrix.entities import Molecule
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.tasks import task_prompt, tasks
from biomatrix.tasks.documents import Control, Part, chat_parts
from biomatrix.tasks.templates import fill, template_fault
from biomatrix.vocabulary.tables import Tokens


def test_prompts_are_short_enough_to_read_at_a_glance() -> None:
    assert all(len(prompt) < 60 for task in tasks() for prompt in task.prompts)


def test_a_prompt_keeps_entities_in_place() -> None:
    molecule = Molecule.from_smiles("CCO")
    assert task_prompt("name_molecule", {"molecule": molecule}) == ["Name ", molecule]


def test_numbers_are_written_with_set_precision() -> None:
    assert fill("{log_solubility:.2f}", {"log_solubility": "-3.3"}) == ["-3.30"]


def test_a_missing_value_an_unknown_task_and_words_for_a_number_are_named() -> None:
    with pytest.raises(ConfigurationError, match="description"):
        task_prompt("molecule_from_description")
    with pytest.raises(ConfigurationError, match="no task 'brew'"):
        task_prompt("brew")
    with pytest.raises(ParseError, match=r"weight.*'heavy'"):
        fill("{weight:.0f}", {"weight": "heavy"})


@pytest.mark.parametrize(
    "text", ["{", "{a", "a}", "{a.b.c}", "{a.}", "{.b}", "{a[0]}", "{}", "{0}", "{a!r}", "{a:9999999999f}", "{a:{b}}"]
)
def test_templates_that_would_do_more_than_name_a_value_are_faulty(text: str) -> None:
    assert template_fault(text) is not None


def test_only_the_answer_and_the_end_of_its_turn_are_learned() -> None:
    answer = Tokens("molecule_selfies", ["[C]"])
    parts = chat_parts(["Make methane."], [answer])
    assert [part for part in parts if part.learn] == [Part(answer), Part(Control("<|im_end|>"))]
