"""Tasks as requests: their prompts filled with what a user gives, and their answers read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_names, kind_of, kinds
from biomatrix.entities.modality_registry import modality_class, modality_names
from biomatrix.entities.near_matches import choices
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.serving.schemas.asking import TaskValue
from biomatrix.tasks.benchmarks.answers import prediction_of
from biomatrix.tasks.benchmarks.registry import benchmarks
from biomatrix.tasks.registry import tasks
from biomatrix.tasks.task_definition import Task
from biomatrix.tasks.templates import fill, placeholders

if TYPE_CHECKING:
    from biomatrix.generation.answers import Answer
    from biomatrix.serving.schemas.entities import GivenEntity
    from biomatrix.tasks.benchmarks.benchmark import Benchmark

_NUMBERED: Final = re.compile(r"_\d+")
_LISTING: Final = "tasks"


@dataclass(frozen=True)
class Need:
    """What one placeholder of a prompt stands for.

    Parameters
    ----------
    name : str
        The placeholder.
    kind : str or None
        The kind of its entity; None for text.
    modality : str or None
        The modality that shows the entity; None where the placeholder leaves it open.
    """

    name: str
    kind: str | None = None
    modality: str | None = None


@dataclass(frozen=True)
class Question:
    """A task that can be asked: one of corpora, or the task of a benchmark.

    Parameters
    ----------
    task : Task
    title : str
        For people.
    metric : str or None
        What answers are judged by; None where there is none.
    benchmark : Benchmark, optional
        Where it is one of a benchmark.
    """

    task: Task
    title: str
    metric: str | None
    benchmark: Benchmark | None = None

    @property
    def needs(self) -> tuple[Need, ...]:
        """What its prompts show, in order."""
        named = dict.fromkeys(name for text in self.task.prompts for name in placeholders(text))
        return tuple(map(need_of, named))

    @property
    def constraints(self) -> tuple[str, ...]:
        """The constraints that hold for every row of it."""
        own = () if self.benchmark is None else self.benchmark.constraints
        return tuple(one for one in own if not placeholders(one))

    def value(self, answer: Answer) -> TaskValue:
        """Return what an answer states, or why nothing could be read."""
        try:
            if self.benchmark is not None:
                found = prediction_of(self.benchmark, answer.text, answer.entity)
                value: Any = _plain(found.text, self.task.parser) if not found.fault else None
                return TaskValue(value=value, unit=self.task.unit, fault=found.fault or None)
            if self.task.output is not None:
                text = None if answer.entity is None else kind_of(answer.entity).text(answer.entity)
                return TaskValue(value=text, unit=self.task.unit, fault=answer.error)
            stated = self.task.parse(answer.text)
        except BioMatrixError as error:
            return TaskValue(value=None, unit=self.task.unit, fault=error.describe())
        return TaskValue(
            value=kind_of(stated).text(stated) if isinstance(stated, Entity) else stated, unit=self.task.unit
        )


def _plain(text: str, parser: str) -> float | str:
    """Return the number that a benchmark's answer states, where it is one."""
    return float(text) if parser == "number" else text


def need_of(placeholder: str) -> Need:
    """Return what a placeholder stands for: an entity where it is named like a kind or a modality, else text.

    Examples
    --------
    >>> need_of("ligand.molecule"), need_of("protein_sequence_2").modality, need_of("name").kind
    (Need(name='ligand.molecule', kind='molecule', modality=None), 'protein_sequence', None)
    """
    bare = placeholder.rpartition(".")[2]
    for name in (bare, _NUMBERED.sub("", bare)):
        if name in modality_names():
            return Need(placeholder, modality_class(name).kind, name)
        if name in kind_names():
            return Need(placeholder, name)
    return Need(placeholder)


def corpus_questions() -> dict[str, Question]:
    """Return the tasks of corpora by their ids; those of benchmarks, which take seconds to read, aside."""
    shown = {one.name: one.title for kind in kinds() for one in kind.shown_tasks}
    return {one.name: Question(one, shown.get(one.name) or _title(one.name), one.metric) for one in tasks()}


def questions() -> dict[str, Question]:
    """Return every task by its id: those of corpora, then those of the benchmarks."""
    found = corpus_questions()
    for name, one in benchmarks().items():
        found.setdefault(name, Question(one.task, one.title, one.metrics[0].name, one))
    return found


def question(name: str) -> Question:
    """Return the task of that id; ConfigurationError, with the near ones, where there is none."""
    known = corpus_questions()
    if name not in known:
        known = questions()
    if name not in known:
        raise ConfigurationError(f"no task {name!r}; {choices(name, known, _LISTING)}", file="task")
    return known[name]


def question_between(source: str, target: str) -> Question | None:
    """Return the task whose prompt shows one modality and whose answer is another; None where there is none."""
    for one in corpus_questions().values():
        shown = tuple(need.modality for need in one.needs)
        if one.task.output == target and shown == (source,):
            return one
    return None


def question_about(kind: str, answer: str) -> Question | None:
    """Return the task that asks of an entity alone what the placeholder of its answer names; None without one."""
    for one in corpus_questions().values():
        about = tuple(need.kind for need in one.needs)
        if about == (kind,) and placeholders(one.task.answer) == [answer]:
            return one
    return None


def filled(
    asked: Question, entities: Sequence[GivenEntity], text: str | Mapping[str, str] | None, paraphrase: int = 0
) -> tuple[list[str | GivenEntity], list[GivenEntity]]:
    """Return the prompt of a task, and the entities in it, each with the modality that shows it.

    Parameters
    ----------
    asked : Question
    entities : sequence of GivenEntity
        For its placeholders of entities, in order by kind.
    text : str or mapping, optional
        For the only other placeholder, or for each by its name.
    paraphrase : int
        Which wording, counted round.

    Raises
    ------
    ConfigurationError
        Something is missing, or is not needed; the message says what the task needs.
    """
    template = asked.task.prompts[paraphrase % len(asked.task.prompts)]
    needed = [need_of(name) for name in dict.fromkeys(placeholders(template))]
    values: dict[str, Any] = dict(_texts(asked, [need.name for need in needed if need.kind is None], text))
    left, placed = list(entities), []
    for need in needed:
        if need.kind is None:
            continue
        given = next((one for one in left if one.type == need.kind), None)
        if given is None:
            raise ConfigurationError(
                f"the task {asked.task.name} needs a {need.kind} for {{{need.name}}}", file="entities"
            )
        left.remove(given)
        shown = given if need.modality is None else given.model_copy(update={"modality": need.modality})
        values[need.name] = shown
        placed.append(shown)
    if left:
        raise ConfigurationError(
            f"the task {asked.task.name} shows {len(placed)} entities, and a {left[0].type} more was given",
            file="entities",
        )
    return fill(template, values), placed


def _texts(asked: Question, names: Sequence[str], text: str | Mapping[str, str] | None) -> Iterator[tuple[str, str]]:
    """Yield the text of each placeholder that stands for text."""
    task = asked.task.name
    if isinstance(text, str):
        if len(names) != 1:
            needs = f"one text each for {', '.join(names)}" if names else "no text"
            raise ConfigurationError(f"the task {task} needs {needs}", file="text")
        yield names[0], text
        return
    given = dict(text or {})
    for name in names:
        if name not in given:
            raise ConfigurationError(f"the task {task} needs a text for {{{name}}}", file="text")
        yield name, given.pop(name)
    if given:
        strange = next(iter(given))
        raise ConfigurationError(f"the task {task} has no {{{strange}}}; {choices(strange, names)}", file="text")


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
