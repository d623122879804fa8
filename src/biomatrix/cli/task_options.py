"""The option that names the task which a request asks, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities import Entity, Kind
    from biomatrix.tasks import Task
    from biomatrix.vocabulary.tables import Item

TaskName = Annotated[
    str | None,
    typer.Option(
        "--task",
        help="The task that is asked, as `biomatrix tasks list` names it: its number, unit and range are checked, its "
        "output is the answer's, and without PROMPT its words are asked.",
    ),
]


def asked_task(name: str | None, prompt: str | None) -> Task | None:
    """Return the task that is asked; None where the words stand for themselves.

    Raises
    ------
    ConfigurationError
        There is no such task, or neither a task nor words.
    """
    from biomatrix.tasks import task

    if name is None and prompt is None:
        raise ConfigurationError("missing argument PROMPT: give the request in words, or a task with --task")
    return None if name is None else task(name)


def subject_of(task: Task) -> tuple[str, Kind]:
    """Return the only placeholder of a task's prompts, and the kind of entity that it stands for."""
    from biomatrix.entities.kind_registry import kind, kind_names
    from biomatrix.entities.modality_registry import modality_class, modality_names
    from biomatrix.tasks.templates import placeholders

    names = list(dict.fromkeys(placeholders(task.prompts[0])))
    if len(names) != 1 or names[0] not in (*kind_names(), *modality_names()):
        raise ConfigurationError(f"{task.name} asks about {', '.join(names) or 'nothing'}, not about one entity")
    return names[0], kind(names[0] if names[0] in kind_names() else modality_class(names[0]).kind)


def task_words(task: Task, entities: Sequence[Entity], written_as: str | None) -> Sequence[str | Item]:
    """Return the question of a task about the only entity given.

    Raises
    ------
    ConfigurationError
        It asks about more than one entity, or another one is given.
    """
    from biomatrix.tasks import task_prompt
    from biomatrix.tasks.templates import placeholders

    if not placeholders(task.prompts[0]) and not entities:
        return task_prompt(task.name)
    name, kind = subject_of(task)
    if len(entities) != 1 or entities[0].kind != kind.name:
        given = ", ".join(one.kind for one in entities) or "none"
        raise ConfigurationError(f"--task {task.name} asks about one {kind.name}, and {given} is given; "
                                 "ask in words of your own for more")  # fmt: skip
    return task_prompt(task.name, {name: entities[0] if written_as is None else (entities[0], written_as)})
