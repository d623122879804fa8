"""Tasks, views and labels of fields as TOML: read strictly, with the key at fault named.

[tasks.predict_binding]
version = 1
prompts = ["How strongly does {molecule} bind?"]
answer = "{binding:.1f}"
parser = "number"
metric = "mean_absolute_error"

[views.protein_plain]
kind = "protein"
layout = "composed"
parts = { protein_sequence = 1.0, name = 0.9 }

[fields]
binding = "Binding"
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from biomatrix.entities.files.toml_files import read_toml
from biomatrix.entities.settings import LARGEST_INTEGER, Section, checked
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.task_definition import Task
from biomatrix.tasks.templates import template_fault
from biomatrix.tasks.views import DocumentView, Layout, Mentions, field_labels


def _check_template(text: str) -> str:
    fault = template_fault(text)
    if fault is not None:
        raise ValueError(fault)
    return text


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
PartName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$", max_length=160)]
"""A field or a modality; ``role.modality`` of a part."""
Template = Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_check_template)]
Probability = Annotated[float, Field(ge=0, le=1)]


def _check_bounds(ends: tuple[float, float]) -> tuple[float, float]:
    if not ends[0] < ends[1]:
        raise ValueError("bounds are the least and the most, of which the first is smaller")
    return ends


class _TaskEntry(Section):
    version: int = Field(default=1, ge=1)
    prompts: tuple[Template, ...] = Field(min_length=1)
    answer: Template
    output: Name | None = None
    parser: str | None = None
    metric: str | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    measured: frozenset[Name] = frozenset()
    bounds: Annotated[tuple[float, float], AfterValidator(_check_bounds)] = (-math.inf, math.inf)

    def task(self, name: str) -> Task:
        parser = self.parser or ("text" if self.output is None else "entity")
        return Task(name, **{**dict(self), "parser": parser})


class _ViewEntry(Section):
    kind: Name
    layout: Layout
    modalities: tuple[PartName, ...] = ()
    parts: dict[PartName, Probability] = Field(default_factory=dict)
    mentions: Mentions = "first"
    longest: int = Field(default=0, ge=0, le=LARGEST_INTEGER)

    def view(self, name: str, labels: Mapping[str, str]) -> DocumentView:
        own_labels = field_labels(self.parts, labels)
        return DocumentView(name, labels=own_labels, **dict(self))


class _File(Section):
    tasks: dict[Name, _TaskEntry] = Field(default_factory=dict)
    views: dict[Name, _ViewEntry] = Field(default_factory=dict)
    fields: dict[Name, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class Definitions:
    """The content of files of definitions.

    Parameters
    ----------
    tasks : mapping of str to Task
        By name.
    views : mapping of str to DocumentView
        By name.
    fields : mapping of str to str
        The label of each field.
    """

    tasks: Mapping[str, Task] = field(default_factory=dict)
    views: Mapping[str, DocumentView] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    def joined(self, other: Definitions) -> Definitions:
        """Return the union of both; ConfigurationError where one name has two meanings."""
        for kind in ("tasks", "views", "fields"):
            check_names(getattr(self, kind), getattr(other, kind))
        return Definitions(
            {**self.tasks, **other.tasks}, {**self.views, **other.views}, {**self.fields, **other.fields}
        )


def check_names(known: Mapping[str, object], new: Mapping[str, object]) -> None:
    """Raise ConfigurationError where a known name would get another meaning."""
    for name, definition in new.items():
        if known.get(name, definition) != definition:
            raise ConfigurationError(f"{name!r} is defined already with another meaning; choose another name")


def read_definitions(path: str | Path, labels: Mapping[str, str] | None = None) -> Definitions:
    """Return the definitions of a TOML file; nothing is registered.

    Parameters
    ----------
    path : str or Path
        The file.
    labels : mapping of str to str, optional
        Labels of fields that the file does not name itself.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, is not TOML, or has an unknown or wrong key, which is named.
    """
    entries = checked(read_toml(path), _File, path)
    all_labels = {**(labels or {}), **entries.fields}
    return Definitions(
        {name: entry.task(name) for name, entry in entries.tasks.items()},
        {name: entry.view(name, all_labels) for name, entry in entries.views.items()},
        dict(entries.fields),
    )
