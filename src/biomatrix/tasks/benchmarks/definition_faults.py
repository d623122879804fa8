"""Faults of a benchmark's definition that show without data: its prompts, its answer, its published numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from biomatrix.entities import modality_names
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.answers import ANSWER_PARSERS, ENTITY
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.judging import judge_of
from biomatrix.tasks.benchmarks.published import published_scores
from biomatrix.tasks.benchmarks.registry import package_benchmarks
from biomatrix.tasks.templates import placeholders, template_fault

FEWEST_PROMPTS: Final = 20
_CONSTRAINED: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("number",),
    "yes_no": ("yes-no", "choices"),
    "choice": ("choices",),
    "option": ("choices",),
    "formula": ("molecular-formula",),
}
"""By parser: the constraints of which an answer needs one."""
_WORD: Final = re.compile(r"[a-z0-9]+|\{[^}]*\}")


def definition_faults(benchmark: Benchmark) -> Iterator[str]:
    """Yield a line for each fault.

    Of the package's own benchmarks more is asked: many wordings, and every metric that was published.
    """
    task = benchmark.task
    is_own = benchmark.name in package_benchmarks()
    broken = [fault for fault in map(template_fault, (*task.prompts, task.answer)) if fault is not None]
    if broken:
        yield from broken
        return
    yield from _prompt_faults(benchmark, FEWEST_PROMPTS if is_own else 1)
    yield from _answer_faults(benchmark)
    if is_own:
        yield from _metric_faults(benchmark)
    try:
        judge_of(benchmark.judge)
    except ConfigurationError as error:
        yield error.message
    if not benchmark.data.source.licence:
        yield f"the source {benchmark.data.source.name!r} says nothing of its licence; write that none is stated"


def _prompt_faults(benchmark: Benchmark, fewest: int) -> Iterator[str]:
    prompts = benchmark.task.prompts
    distinct = {_words(prompt) for prompt in prompts}
    if len(distinct) < fewest:
        yield f"{len(distinct)} distinct prompts; give at least {fewest} that differ in more than punctuation"
    if len(distinct) < len(prompts):
        yield f"{len(prompts) - len(distinct)} prompts repeat the words of another"
    if len({frozenset(placeholders(prompt)) for prompt in prompts}) > 1:
        yield "its prompts differ in their placeholders; give every paraphrase the same ones"


def _words(prompt: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(prompt.lower()))


def _answer_faults(benchmark: Benchmark) -> Iterator[str]:
    task = benchmark.task
    if task.parser not in ANSWER_PARSERS:
        yield f"no parser {task.parser!r}; {choices(task.parser, ANSWER_PARSERS)}"
    if (task.parser == ENTITY) != (task.output is not None):
        yield "the parser 'entity' needs an output, and an output needs the parser 'entity'"
    if task.output is not None and task.output not in modality_names():
        yield f"the output {task.output!r} is no modality; {choices(task.output, modality_names())}"
    if (task.parser == "choice") != bool(task.choices):
        yield "the parser 'choice' needs choices, and choices need the parser 'choice'"
    needed = _CONSTRAINED.get(task.parser, ())
    if needed and not {text.partition("=")[0].strip() for text in benchmark.constraints}.intersection(needed):
        yield f"the parser {task.parser!r} needs a constraint {' or '.join(needed)}, which holds a model to its form"


def _metric_faults(benchmark: Benchmark) -> Iterator[str]:
    published = {score.metric for score in published_scores(benchmark.name)}
    reported = {metric.name for metric in benchmark.metrics}
    for name in sorted(reported - published):
        yield f"no published numbers of the metric {name!r}"
    for name in sorted(published - reported):
        yield f"the metric {name!r} has published numbers and is not reported"
