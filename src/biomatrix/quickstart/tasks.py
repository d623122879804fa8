"""The tasks that show what a model does with each kind: the question, its entity, and a verdict on the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from biomatrix.entities import Entity, Kind, kinds, modalities, modality
from biomatrix.entities.registration import ShownTask
from biomatrix.errors import BioMatrixError
from biomatrix.generation import Answer, Model
from biomatrix.tasks import Task, task, task_prompt
from biomatrix.tasks.templates import fill, placeholders
from biomatrix.trust import judge

SAMPLES = 4
NUCLEUS = 0.95
LONGEST_CHAIN = 220
"""The most residues shown of a chain: the documents of the small model hold 512 tokens."""


@dataclass(frozen=True)
class Question:
    """A task to ask: the values of its template, an exact ``length``, and what its answer is compared with."""

    task: str
    title: str
    values: dict[str, Any]
    length: int | None = None
    samples: int = 1
    reference: Entity | None = None
    expected: str = ""


@dataclass(frozen=True)
class Reply:
    """What the model answered: the prompt as parts, the answers, a verdict on each; or why it was not asked."""

    question: Question
    prompt: list[Any]
    answers: list[Answer]
    verdicts: list[str]
    error: str = ""


def gather_questions(entities: Sequence[Entity]) -> list[Question]:
    """Return the questions that each kind shows, about the last of its entities where one is needed."""
    questions = []
    for one in kinds():
        mine = [entity for entity in entities if entity.kind == one.name]
        subject = one.shortened(mine[-1], LONGEST_CHAIN) if mine else None
        candidates = (_question(shown, one, subject) for shown in one.shown_tasks)
        questions += [question for question in candidates if question is not None]
    return questions


def _question(shown: ShownTask, of: Kind, subject: Entity | None) -> Question | None:
    """Return the question of a task, None where there is no entity for it or the entity lacks what it needs."""
    definition = task(shown.name)
    values: dict[str, Any] = dict(shown.values)
    about: Entity | None = None
    for name in placeholders(definition.prompts[0]):
        if name in values:
            continue
        spelling = _modality_shown(name, of, subject)
        if subject is None or spelling is None:
            return None
        values[name], about = (subject, spelling), subject
    question = Question(shown.name, shown.title, values, samples=SAMPLES if definition.output else 1)
    if about is None:
        return question
    if definition.output is None:
        return replace(question, expected=_computed(definition, of.properties(about)))
    output = modality(definition.output)
    if output.kind != of.name:
        return question
    return replace(question, length=of.size(about), reference=about if output.accepts(about) else None)


def _modality_shown(placeholder: str, of: Kind, subject: Entity | None) -> str | None:
    """Return the modality in which a placeholder shows the entity, None where it has none.

    For a placeholder that only names the kind, it is the first modality with tokens of its own.
    """
    fitting = [one for one in modalities(of.name) if subject is not None and one.accepts(subject)]
    if placeholder == of.name:
        return next((one.name for one in fitting if not one.spelled_as_text), None)
    return next((one.name for one in fitting if one.name == placeholder), None)


def _computed(task: Task, properties: Mapping[str, str]) -> str:
    """Return the answer of a task where it can be computed, otherwise ""."""
    if not set(placeholders(task.answer)) <= properties.keys():
        return ""
    return "".join(str(part) for part in fill(task.answer, properties)) + ", computed"


def ask(model: Model, questions: Sequence[Question], seed: int, progress: Callable[[str], None]) -> list[Reply]:
    """Ask every question; one that the model cannot take becomes a reply with an error."""
    replies = []
    for question in questions:
        progress(f"asking: {question.title}")
        replies.append(_ask_one(model, question, seed))
    return replies


def _ask_one(model: Model, question: Question, seed: int) -> Reply:
    prompt = task_prompt(question.task, question.values)
    output = task(question.task).output
    try:
        answers = model.generate(
            prompt,
            output=output,
            length=question.length,
            num_samples=question.samples,
            greedy=output is None,
            temperature=0.9,
            top_p=NUCLEUS,
            seed=seed,
        )
    except BioMatrixError as error:
        return Reply(question, prompt, [], [], str(error))
    return Reply(question, prompt, answers, [_judge(question, answer, output) for answer in answers])


def _judge(question: Question, answer: Answer, output: str | None) -> str:
    """Return a verdict on one answer: why it is invalid, or which checks it passed and how near it came."""
    if output is None:
        return f"expected: {question.expected}" if question.expected else ""
    if answer.entity is None:
        return f"not valid: {answer.error}"
    return str(judge(answer.entity, answer.checks, question.reference))
