"""The questions of a task, on both sides of a split that keeps related entities apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of
from biomatrix.entities.near_matches import choices
from biomatrix.entities.rejects import Reject
from biomatrix.entities.settings import Section
from biomatrix.errors import ConfigurationError
from biomatrix.soft.tuning.splitting import (
    GIVEN,
    TRAIN_SHARE,
    KeyOf,
    held_out_of,
    refuse_random,
    split_by_group,
)
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import TRAIN, load_examples

Count = Annotated[int, Field(gt=0)]
OWN_TASKS: Final = Path(__file__).with_name("tasks.toml")
"""Definitions of questions about entities of several kinds."""
_OF_ONE_FILE: Final = frozenset({"file", "fold_by", "split_column", "splits"})
"""Settings of data whose sides lie in one file."""


class TaskData(Section):
    """A task of the harness, where its data lie, and how they are split."""

    name: str
    """A benchmark, such as ``mol_prop_esol``, or a question about cells, such as ``annotate_pbmc``."""
    folder: Path
    """Holds the files of its data."""
    source: str = ""
    """The data to take where the task has several: the name of its source."""
    files: dict[str, str] = Field(default_factory=dict)
    """The file of each split, in place of those that the task names."""
    split: str = GIVEN
    """``given``: as the data are split; or the key by which entities are related, such as ``scaffold``: all that share
    it are on one side. Where examples show several, ``protein.sequence`` is that of the protein."""
    entities: str = ""
    """The file in ``folder`` with the entities themselves, where the task shows them as text; matched by name."""
    shown_as: str = ""
    """The placeholder of that text."""
    paraphrases: bool = False
    """Ask in every wording of the task, drawn by the example; else in the first."""
    held_out: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The share of the training examples that is measured on and not learned from, for ``run.patience`` and for
    candidates. Whole donors or batches where the training side holds several, which may be more."""
    most_train: Count | None = None
    most_test: Count | None = None
    """The most examples of each side, the first ones; what is held out counts among those of training."""


@dataclass(frozen=True, eq=False)
class TaskExamples:
    """What a task asks.

    Parameters
    ----------
    benchmark : Benchmark
        Its prompts, parser and judge.
    train, test : tuple of Example
        At least one entity stands in the prompt of each.
    split : str
        What keeps them apart, in words.
    left_out : int
        Rows that could not be read, or training rows about an entity that is asked about in the test.
    held_out : tuple of Example
        Examples of the training side that are measured on and not learned from.
    """

    benchmark: Benchmark
    train: tuple[Example, ...]
    test: tuple[Example, ...]
    split: str
    left_out: int = 0
    held_out: tuple[Example, ...] = ()


def read_task(data: TaskData) -> TaskExamples:
    """Return the examples of a task.

    An example whose entities are all those of a test example is not learned from.

    Raises
    ------
    ConfigurationError
        There is no such task, source or file, a side is empty, entities would be split at random, or an example has no
        entity.
    """
    refuse_random(data.split)
    benchmark = _benchmark(data.name)
    source = _source(benchmark, data)
    loaded = {side: list(load_examples(source, data.folder, side)) for side in (TRAIN, "test")}
    if data.split != GIVEN:  # all rows are divided anew
        loaded[TRAIN] += _validation(source, data.folder)
    rejects = sum(isinstance(row, Reject) for rows in loaded.values() for row in rows)
    train, test = ([row for row in rows if isinstance(row, Example)] for rows in loaded.values())
    if data.entities:
        train, test = _with_entities(data, train), _with_entities(data, test)
    split = source.split_rule
    group: Callable[[Example], str] = _identity
    if data.split != GIVEN:
        keys = KeyOf(data.split, subject)
        train, test = split_by_group([*train, *test], keys, TRAIN_SHARE)
        keys.check()
        split, group = f"by {data.split}", keys
    asked = {_identity(one) for one in test}
    kept = [one for one in train if _identity(one) not in asked]
    learned, held_out = held_out_of(kept[: data.most_train], data.held_out, group)
    found = TaskExamples(
        benchmark,
        tuple(learned),
        tuple(test[: data.most_test]),
        split,
        rejects + len(train) - len(kept),
        tuple(held_out),
    )
    for side, rows in ((TRAIN, found.train), ("test", found.test)):
        if not rows:
            raise ConfigurationError(f"{data.name}: the split {split} leaves no {side} examples", file=str(data.folder))
    return found


def entities_of(example: Example) -> list[Entity]:
    """Return the entities that an example shows, in the order of its fields."""
    values = (value[0] if isinstance(value, tuple) else value for value in example.fields.values())
    return [value for value in values if isinstance(value, Entity)]


def subject(example: Example, kind: str | None = None) -> Entity:
    """Return the entity that an example is about, the first of its fields, or of those of a kind.

    Raises
    ------
    ConfigurationError
        It has none.
    """
    for entity in entities_of(example):
        if kind in (None, entity.kind):
            return entity
    if kind is not None:
        raise ConfigurationError(f"example {example.key} shows no {kind}")
    raise ConfigurationError(
        f"example {example.key} shows no entity but text alone; name the file that holds them as task.entities, and "
        "the placeholder that shows them as task.shown_as"
    )


def _identity(example: Example) -> str:
    subject(example)
    return "\0".join(kind_of(entity).identity(entity) for entity in entities_of(example))


def _benchmark(name: str) -> Benchmark:
    from biomatrix.evaluation.cells.text_questions import TEXT_TASKS
    from biomatrix.tasks.benchmarks.definition_files import read_benchmarks
    from biomatrix.tasks.benchmarks.registry import benchmarks

    known = {**read_benchmarks(TEXT_TASKS), **read_benchmarks(OWN_TASKS), **benchmarks()}
    if name not in known:
        raise ConfigurationError(f"no task {name!r}; {choices(name, known)}")
    return known[name]


def _source(benchmark: Benchmark, data: TaskData) -> DataSet:
    sets = {one.source.name: one for one in (benchmark.data, *benchmark.stand_ins)}
    if data.source and data.source not in sets:
        raise ConfigurationError(f"{data.name} has no data {data.source!r}; {choices(data.source, sets)}")
    found = sets[data.source] if data.source else benchmark.data
    if not data.files:
        return found
    kept = {key: value for key, value in found.settings.items() if key not in _OF_ONE_FILE}
    settings = {**kept, "files": data.files}
    rule = ", ".join(f"{side}: {file}" for side, file in data.files.items())
    return replace(found, settings=settings, split_rule=rule)


def _validation(source: DataSet, folder: Path) -> list[Example | Reject]:
    """Return the rows that the data keep for validation; none where they know no such side."""
    try:
        return list(load_examples(source, folder, "validation"))
    except ConfigurationError:
        return []


def _with_entities(data: TaskData, rows: Sequence[Example]) -> list[Example]:
    """Return examples with the entity itself in place of the text that shows it."""
    entities = _named_entities(str(data.folder / data.entities))
    return [replace(row, fields={**row.fields, data.shown_as: _entity(data, row, entities)}) for row in rows]


def _entity(data: TaskData, row: Example, entities: dict[str, Entity]) -> Entity:
    if data.shown_as not in row.fields:
        raise ConfigurationError(
            f"{data.name} has no placeholder {data.shown_as!r}; {choices(data.shown_as, row.fields)}"
        )
    if row.key not in entities:
        raise ConfigurationError(f"no entity is named {row.key!r}", file=str(data.folder / data.entities))
    return entities[row.key]


def _named_entities(path: str) -> dict[str, Entity]:
    """Return the entities of a file by their names."""
    try:
        return _read_named(path, Path(path).stat().st_mtime)
    except OSError:
        raise ConfigurationError("no such file; correct task.entities in the recipe", file=path) from None


@lru_cache(maxsize=1)
def _read_named(path: str, changed: float) -> dict[str, Entity]:
    """Read a file once as long as it stays as it is: both sides of a split lie in it."""
    return {str(getattr(one, "name", "")): one for one in _read_entities(path)}


def _read_entities(path: str) -> Iterator[Entity]:
    from biomatrix.entities.records import read

    for one in read(path):
        if isinstance(one, Entity):
            yield one
