"""What is compared of a row, of a test split or of training data: its entities, its texts, its structures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from biomatrix.corpus.records import Record
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind
from biomatrix.entities.modality_registry import modality_class
from biomatrix.errors import BioMatrixError
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example

STRUCTURE_FACTS: Final = ("structure_id", "pdb_id")
"""The facts of an example that name the structure it was taken from."""
_PDB_CODE: Final = re.compile(r"([0-9](?=[A-Za-z0-9]{0,2}[A-Za-z])[A-Za-z0-9]{3})(?:[_.:-].{0,12})?")
_PREDICTED: Final = re.compile(r"(AF-[A-Z0-9]{6,10}-F\d+)\b.*", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Subject:
    """One row.

    Parameters
    ----------
    name : str
        What it is called in reports.
    entities : tuple of Entity
        Those asked about and those asked for.
    texts : tuple of str
        Names and descriptions that are asked about.
    answers : tuple of str
        The text of its answers, or of the fields of a record.
    structures : tuple of str
        The codes of the structures it was taken from, such as ``1abc``.
    """

    name: str
    entities: tuple[Entity, ...] = ()
    texts: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    structures: tuple[str, ...] = ()


def subject_of_example(benchmark: Benchmark, example: Example) -> Subject:
    """Return what is compared of a row of a benchmark."""
    shown = [value[0] if isinstance(value, tuple) else value for value in example.fields.values()]
    entities = [value for value in shown if isinstance(value, Entity)]
    entities += [example.target] if example.target is not None else []
    answers = example.references
    if benchmark.task.output is not None and example.target is None:
        entities += _answered(benchmark.task.output, example)
        answers = ()
    facts = [example.facts[name] for name in STRUCTURE_FACTS if example.facts.get(name)]
    structures = {code for entity in entities for code in structure_codes(entity)}
    structures |= {str(fact).lower() for fact in facts}
    if any(entity.has_structure for entity in entities):
        structures |= set(_codes(example.key))
    texts = tuple(value for value in shown if isinstance(value, str))
    return Subject(example.key, tuple(entities), texts, tuple(answers), tuple(sorted(structures)))


def subject_of_record(record: Record) -> Subject:
    """Return what is compared of a record of a corpus."""
    entities = (*record.parts.values(),) if record.entity is None else (record.entity,)
    structures = {code for entity in entities for code in structure_codes(entity)}
    if any(entity.has_structure for entity in entities):
        structures |= set(_codes(record.id))
    texts = tuple(record.fields.values())
    return Subject(f"{record.source}/{record.id}", entities, texts, texts, tuple(sorted(structures)))


def subject_of_entity(entity: Entity, number: int) -> Subject:
    """Return what is compared of an entity of a file; its number, from 1, names it where it has no name."""
    return Subject(entity.name or f"record {number}", (entity,), structures=tuple(structure_codes(entity)))


def structure_codes(entity: Entity) -> Iterator[str]:
    """Yield the code of the structure that an entity with coordinates was taken from, where its name says so."""
    if entity.has_structure:
        yield from _codes(entity.name)


def _codes(name: str) -> Iterator[str]:
    for pattern in (_PDB_CODE, _PREDICTED):
        match = pattern.fullmatch(name)
        if match:
            yield match.group(1).lower()


def _answered(output: str, example: Example) -> list[Entity]:
    """Return the entities that the references spell; what cannot be read is left to the texts."""
    found: list[Entity] = []
    owner: Any = kind(modality_class(output).kind)
    for reference in example.references:
        try:
            found.append(owner.parse(reference))
        except BioMatrixError:
            continue
    return found
