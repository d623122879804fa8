"""Operations over tasks: which there are, asking one, and predicting a property by one."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.kind_registry import kind_of
from biomatrix.entities.modality_registry import modality_class
from biomatrix.errors import ConfigurationError
from biomatrix.generation.answer_checks import asked_number
from biomatrix.serving.asking import answers_to
from biomatrix.serving.entities import open_entity
from biomatrix.serving.examples import examples_of
from biomatrix.serving.operations.generating import drawn_as
from biomatrix.serving.operations.operation import Operation
from biomatrix.serving.schemas.asking import PredictAsked, PredictTold, RunTaskAsked, RunTaskTold, TaskValue
from biomatrix.serving.schemas.listing import TasksAsked, TasksTold, ToldNeed, ToldTask
from biomatrix.serving.task_questions import Question, filled, question, questions
from biomatrix.trust.calibration import Calibration

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.serving.service import Service

_FREE: Final = ("text", "entity")
"""Parsers whose values are no property."""


def list_tasks(service: Service, asked: TasksAsked) -> TasksTold:
    """Return every task that the model can be asked; only those about one kind where one is named."""
    if asked.kind is not None:
        kind_named(asked.kind)
    found = [_told(name, one) for name, one in questions().items() if _is_known(service, one)]
    return TasksTold([one for one in found if asked.kind is None or asked.kind in one.kinds])


def _is_known(service: Service, one: Question) -> bool:
    """Return whether the model has every modality that the task shows or asks for."""
    names = [need.modality for need in one.needs if need.modality is not None]
    names += [] if one.task.output is None else [one.task.output]
    return all(name in service.model.vocabulary for name in names)


def _told(name: str, one: Question) -> ToldTask:
    output = one.task.output
    about = [need.kind for need in one.needs if need.kind is not None]
    made = [] if output is None else [modality_class(output).kind]
    return ToldTask(
        id=name,
        title=one.title,
        kinds=list(dict.fromkeys(about)) or list(dict.fromkeys(made)),
        output=output,
        metric=one.metric,
        unit=one.task.unit,
        choices=list(one.task.choices),
        is_property=_is_property(one),
        is_benchmark=one.benchmark is not None,
        needs=[ToldNeed(name=need.name, kind=need.kind, modality=need.modality) for need in one.needs],
        prompt=one.task.prompts[0],
        example=_example(name, one),
    )


def _is_property(one: Question) -> bool:
    return one.task.output is None and one.task.parser not in _FREE


def _example(name: str, one: Question) -> dict[str, Any]:
    """Return a small input of run_task, its entities those that come with their kinds."""
    entities, texts = [], {}
    for need in one.needs:
        if need.kind is None:
            texts[need.name] = need.name.replace("_", " ")
            continue
        needs_structure = need.modality is not None and modality_class(need.modality).needs_structure
        given = examples_of(kind_named(need.kind))["structure" if needs_structure else "typed"]
        entities += [] if given is None else [given]
    return {"task": name, **({"entities": entities} if entities else {}), **({"text": texts} if texts else {})}


def run_task(service: Service, asked: RunTaskAsked) -> RunTaskTold:
    """Ask a task and read what its answers state."""
    one = question(asked.task)
    prompt, shown = filled(one, asked.entities, asked.text, asked.paraphrase)
    opened = {id(given): open_entity(given, service, f"entities[{place}]") for place, given in enumerate(shown)}
    calibration = _calibration(service, asked)
    single = one.task.output is None and asked.samples == asked.best_of == 1
    request = drawn_as(
        asked.model_copy(update={"greedy": single if asked.greedy is None else asked.greedy}),
        prompt=prompt,
        output=one.task.output,
        length=asked.length if asked.length is not None else _length(one, list(opened.values())),
        constraints=[*one.constraints, *asked.constraints],
    )
    reference = _reference(one, list(opened.values()))
    answers, told = answers_to(service, request, opened, reference, asked_number(one.task), calibration)
    values = [one.value(answer) for answer in answers]
    for answer, value in zip(told.answers, values, strict=True):
        answer.value = value.value if answer.value is None else answer.value
    return RunTaskTold(**dict(told), task=asked.task, values=values)


def _calibration(service: Service, asked: RunTaskAsked) -> Calibration | None:
    """Return the calibration that comes with a question; LimitError where its labels, each scored, are too many."""
    if asked.calibration is None:
        return None
    found = Calibration.from_json(asked.calibration, "calibration")
    service.limits.check("samples", len(found.labels), "number of labels of the calibration")
    service.limits.check("text_characters", sum(map(len, found.labels)), "number of characters of its labels")
    return found


def _length(one: Question, entities: list[Entity]) -> int | None:
    """Return the residues of the only entity of the answer's kind, where the answer is another view of it."""
    if one.task.output is None:
        return None
    kind = modality_class(one.task.output).kind
    mine = [entity for entity in entities if entity.kind == kind]
    return kind_of(mine[0]).size(mine[0]) if len(mine) == 1 and len(entities) == 1 else None


def _reference(one: Question, entities: list[Entity]) -> Entity | None:
    """Return the entity whose structure is asked for: the answer should be of that and no other."""
    if one.task.output is None or not modality_class(one.task.output).needs_structure or len(entities) != 1:
        return None
    return entities[0] if entities[0].kind == modality_class(one.task.output).kind else None


def predict(service: Service, asked: PredictAsked) -> PredictTold:
    """Predict a property of an entity by a task whose answer is a value."""
    one = question(asked.task)
    if not _is_property(one):
        raise ConfigurationError(f"{asked.task} predicts no property; ask it with run_task", file="task")
    values = {name: getattr(asked, name) for name in RunTaskAsked.model_fields if name in PredictAsked.model_fields}
    told = run_task(service, RunTaskAsked(**{**values, "entities": [asked.entity]}))
    value, spread = _joined(told.values)
    return PredictTold(**dict(told), value=value, unit=one.task.unit, spread=spread)


def _joined(values: list[TaskValue]) -> tuple[float | bool | str | None, list[float] | None]:
    """Return the median of numbers with their range, else the most frequent value; of equals the first."""
    stated = [one.value for one in values if one.value is not None]
    numbers = [one for one in stated if isinstance(one, float)]
    if numbers:
        return median(numbers), [min(numbers), max(numbers)] if len(numbers) > 1 else None
    return (Counter(stated).most_common(1)[0][0] if stated else None), None


_SOLUBILITY: Final = {"task": "predict_log_solubility"}
_PHENOL: Final = {"type": "molecule", "smiles": "Oc1ccccc1"}

OPERATIONS: Final = (
    Operation(
        "predict",
        "Predict a property of an entity: a number with its unit, yes or no, or one of several choices.",
        PredictAsked,
        PredictTold,
        predict,
        {"entity": _PHENOL, **_SOLUBILITY},
        generates=True,
    ),
    Operation(
        "tasks",
        "List the tasks that the model knows: what each needs, what it answers, an example.",
        TasksAsked,
        TasksTold,
        list_tasks,
        {"kind": "protein"},
    ),
    Operation(
        "run_task",
        "Ask one of the tasks about given entities and texts, and read what its answers state.",
        RunTaskAsked,
        RunTaskTold,
        run_task,
        {"entities": [_PHENOL], **_SOLUBILITY},
        generates=True,
        is_tool=False,
    ),
)
