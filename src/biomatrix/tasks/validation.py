"""Checks of definitions against the registered kinds and modalities, the parsers and the metrics."""

from __future__ import annotations

from collections.abc import Iterator

from biomatrix.entities import modality_names
from biomatrix.entities.kind_registry import kind_names
from biomatrix.entities.near_matches import choices
from biomatrix.tasks.definition_files import Definitions
from biomatrix.tasks.metrics import METRICS
from biomatrix.tasks.parsers import PARSERS
from biomatrix.tasks.task_definition import Task
from biomatrix.tasks.templates import placeholders, template_fault
from biomatrix.tasks.views import DocumentView
from biomatrix.tasks.written_records import INTERACTION, INTERLEAVED, TEXT, WITHOUT_ENTITY, part_name, split_name


def faults(checked: Definitions, known: Definitions) -> Iterator[str]:
    """Yield one line per fault of every task and view.

    Parameters
    ----------
    checked : Definitions
        The definitions to check.
    known : Definitions
        All definitions; their fields may stand in prompts.
    """
    for task in checked.tasks.values():
        yield from (f"{task.name}: {fault}" for fault in task_faults(task, known))
    for view in checked.views.values():
        yield from (f"{view.name}: {fault}" for fault in view_faults(view, known))


def task_faults(task: Task, known: Definitions) -> Iterator[str]:
    """Yield the faults of a task: of its wording, its output, its parser, its metric."""
    broken = [fault for fault in map(template_fault, (*task.prompts, task.answer)) if fault is not None]
    if broken:
        yield from broken
        return
    for name in sorted(task.needs):
        role, plain = split_name(name)
        if plain in (*modality_names(), *kind_names()) or (not role and plain in known.fields):
            continue
        yield f"{{{name}}} is no modality, kind or field; name a new field under [fields]"
    if len({frozenset(placeholders(prompt)) for prompt in task.prompts}) > 1:
        yield "its prompts differ in their placeholders; give every paraphrase the same ones"
    if len(set(task.prompts)) < len(task.prompts):
        yield "a prompt is listed twice"
    for name in sorted(task.measured - set(placeholders(task.answer))):
        yield f"the measured field {name!r} is not in its answer"
    if task.output is not None:
        yield from _output_faults(task)
    yield from _judging_faults(task)


def _output_faults(task: Task) -> Iterator[str]:
    if task.output not in modality_names():
        yield f"the output {task.output!r} is no modality; {choices(str(task.output), modality_names())}"
    written = placeholders(task.answer)
    if [split_name(name)[1] for name in written] != [task.output] or task.answer != f"{{{written[0]}}}":
        yield f"an answer in {task.output} is {{{task.output}}} and nothing else"


def _judging_faults(task: Task) -> Iterator[str]:
    if task.parser not in PARSERS:
        yield f"no parser {task.parser!r}; {choices(task.parser, PARSERS)}"
    if (task.parser == "entity") != (task.output is not None):
        yield "the parser 'entity' needs an output, and an output needs the parser 'entity'"
    if (task.parser == "choice") != bool(task.choices):
        yield "the parser 'choice' needs choices, and choices need the parser 'choice'"
    if task.metric is None:
        return
    if task.metric not in METRICS:
        yield f"no metric {task.metric!r}; {choices(task.metric, METRICS)}"
    elif METRICS[task.metric].parsers and task.parser not in METRICS[task.metric].parsers:
        yield f"the metric {task.metric!r} does not judge what the parser {task.parser!r} reads"


def view_faults(view: DocumentView, known: Definitions) -> Iterator[str]:
    """Yield the faults of a view: of its kind, its modalities, its parts, its layout."""
    if view.kind not in (*kind_names(), *WITHOUT_ENTITY):
        yield f"no kind {view.kind!r}; there are: {', '.join((*kind_names(), *WITHOUT_ENTITY))}"
        return
    for name in view.modalities:
        if not _can_write(view, name):
            yield f"{name!r} is no modality of {view.kind}; there are: {', '.join(_written_names(view))}"
    for name in sorted(view.parts):
        if not _can_write(view, name) and name not in known.fields:
            yield f"the part {name!r} is no modality of {view.kind} and no field; name a new field under [fields]"
    yield from _layout_faults(view)


def _can_write(view: DocumentView, name: str) -> bool:
    """Return whether records of the view's kind may have a modality: those of several entities name the part's role."""
    role, modality = split_name(name)
    if view.kind == INTERACTION:
        return bool(role) and modality in modality_names()
    return not role and modality in _written_names(view)


def _written_names(view: DocumentView) -> tuple[str, ...]:
    """Return the modalities that records of the view's kind may be written in; of several entities, as an example."""
    if view.kind == INTERACTION:
        return tuple(part_name("role", name) for name in modality_names())
    if view.kind == INTERLEAVED:
        return tuple(modality_names())
    return () if view.kind == TEXT else tuple(modality_names(view.kind))


def _layout_faults(view: DocumentView) -> Iterator[str]:
    count = {"single": 1, "window": 1}.get(view.layout)
    if count is not None and len(view.modalities) != count:
        yield f"a {view.layout} view writes one modality, not {len(view.modalities)}"
    if view.layout == "joint" and len(view.modalities) < 2:
        yield "a joint view writes at least two modalities"
    if view.layout == "interleaved" and not view.modalities:
        yield "an interleaved view names the modalities to draw from"
    if (view.layout == "interleaved") != (view.kind == INTERLEAVED):
        yield "the layout 'interleaved' is for texts that mention entities, and they for it: kind = \"interleaved\""
    if (view.layout == "composed") != bool(view.parts):
        yield "the layout 'composed' needs parts, and parts need the layout 'composed'"
    if view.layout == "text" and view.kind != TEXT:
        yield "the layout 'text' is for records without an entity: kind = \"text\""
