"""From an example to a question: the filled prompt, and the form that its answer must have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.modality_registry import modality_names
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example, FieldValue
from biomatrix.tasks.benchmarks.notations import SMILES, in_notation, written_as
from biomatrix.tasks.documents import PartItem
from biomatrix.tasks.templates import fill, placeholders


@dataclass(frozen=True, eq=False)
class Wording:
    """What is asked, and in what form.

    Parameters
    ----------
    prompt : tuple of str, Entity or (Entity, str)
        The filled template.
    output : str, optional
        The modality of the answer, in the notation asked for; None for text.
    length : int, optional
        The exact length of the answer.
    constraints : tuple of str
        ``NAME=VALUE``.
    """

    prompt: tuple[PartItem, ...]
    output: str | None = None
    length: int | None = None
    constraints: tuple[str, ...] = ()


def question_parts(
    benchmark: Benchmark,
    example: Example,
    notation: str = SMILES,
    *,
    paraphrase: int | None = None,
    seed: int | None = None,
) -> Wording:
    """Return the question that an example asks.

    Parameters
    ----------
    benchmark : Benchmark
    example : Example
    notation : {"smiles", "selfies"}
        Of the molecules that are shown and asked for.
    paraphrase : int, optional
        The index of the prompt, counted round the pool.
    seed : int, optional
        Draws the prompt where no `paraphrase` is given: by the seed, the benchmark and the example's key alone. Without
        either it is the first.

    Raises
    ------
    ConfigurationError
        The example lacks a field or a fact that a template names, or a length is no whole number.
    """
    prompts = benchmark.task.prompts
    if paraphrase is None and seed is not None:
        paraphrase = Random(f"{seed}/{benchmark.name}/{example.key}").randrange(len(prompts))
    template = prompts[(paraphrase or 0) % len(prompts)]
    values = {name: shown_as(value, name, notation) for name, value in example.fields.items()}
    output = benchmark.task.output
    return Wording(
        tuple(fill(template, values)),
        None if output is None else in_notation(output, notation),
        _length(benchmark, example),
        _constraints(benchmark, example),
    )


def shown_as(value: FieldValue, placeholder: str, notation: str) -> PartItem:
    """Return a field's value as a prompt shows it.

    An entity is written in the modality that stands with it, or that its placeholder names, or else in the notation
    asked for, or else as the vocabulary writes it by default.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Entity):
        if placeholder in modality_names(value.kind):
            return value, in_notation(placeholder, notation)
        name = written_as(value.kind, notation)
        return value if name is None else (value, name)
    entity, name = value
    return entity, in_notation(name, notation)


def _length(benchmark: Benchmark, example: Example) -> int | None:
    if not benchmark.length:
        return None
    text = _filled(benchmark, benchmark.length, example.facts)
    if not text.isdecimal():
        raise ConfigurationError(f"{benchmark.name}: the length {text!r} of example {example.key} is no whole number")
    return int(text)


def _constraints(benchmark: Benchmark, example: Example) -> tuple[str, ...]:
    """Return the constraints that the example's facts fill; one whose fact is None or empty does not apply."""
    return tuple(
        _filled(benchmark, template, example.facts)
        for template in benchmark.constraints
        if all(example.facts.get(name, ...) not in (None, "") for name in placeholders(template))
    )


def _filled(benchmark: Benchmark, template: str, facts: Mapping[str, Any]) -> str:
    missing = next((name for name in placeholders(template) if name not in facts), None)
    if missing is not None:
        raise ConfigurationError(f"{benchmark.name}: {template!r} needs the fact {missing!r}, which an example lacks")
    values = {name: str(facts[name]) for name in placeholders(template)}
    return "".join(str(part) for part in fill(template, values))
